/** Proposals: what assistants suggest to change in the program, and deciding about it. */
import type { Context } from 'hono';
import {
  applyProposal,
  diffProposal,
  markProposal,
  proposalChange,
} from '../../app/proposals/proposals.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import {
  proposalStatuses,
  type Proposal,
  type ProposalKind,
  type ProposalStatus,
} from '../../model/run.ts';
import { runIdIn, type WebContext } from '../server/context.ts';
import { param, queryOneOf, readBody } from '../server/request.ts';
import type { Route } from '../server/route.ts';

export interface ProposalListItem {
  proposal_id: string;
  run_id: string;
  instance_id: string;
  interrupt_id: string;
  source_role_id: string;
  requester_task_id: string;
  kind: ProposalKind;
  summary: string;
  target_file_path: string;
  status: ProposalStatus;
  created_at: string;
  status_updated_at: string;
}

/** `GET /api/proposals` */
export interface ProposalPage {
  proposals: ProposalListItem[];
  complete: boolean;
}

/** `GET /api/runs/:run/proposals/:proposal` */
export interface ProposalView {
  proposal: Proposal;
  /** What applying it now would change. */
  diff: ProposalDiff;
}

export interface ProposalDiff {
  /** Relative to the program. */
  file: string;
  /** Unified diff; empty where nothing would change. */
  unified: string;
  /** Texts before and after; null before: a new file. A snippet stands at the end. */
  before: string | null;
  after: string | null;
  /** The file is not what it was when the proposal was recorded: applying it needs `force`. */
  changed_since: boolean;
  /** Why there is no diff: a target that went away, content that cannot be used. */
  problem: string | null;
}

/** `POST /api/runs/:run/proposals/:proposal/mark` */
export interface MarkBody {
  status: ProposalStatus;
  /** Not blank where there is one. */
  note?: string | null;
}

/** `POST /api/runs/:run/proposals/:proposal/apply` */
export interface ApplyBody {
  /** A snippet does not say where it goes: add it at the end. Otherwise one is refused (`proposal-snippet`). */
  append?: boolean;
  /** Also where it was rejected or applied before, or where the file has changed since. */
  force?: boolean;
}

export interface ApplyResult {
  proposal: Proposal;
  /** Relative to the program. */
  file: string;
  /** False where the file held all of it already. */
  written: boolean;
}

const PROPOSAL = '/api/runs/{run}/proposals/{proposal}';

export const proposalRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/api/proposals',
    summary: 'Proposals over all runs',
    query: { status: 'only those of this status', run: 'only those of this run' },
    answer: 'ProposalPage',
    handle: listProposals,
  },
  {
    method: 'get',
    path: PROPOSAL,
    summary: 'A proposal with its diff',
    answer: 'ProposalView',
    handle: showProposal,
  },
  {
    method: 'post',
    path: `${PROPOSAL}/mark`,
    summary: 'Accept or reject it',
    body: 'MarkBody',
    answer: 'ProposalView',
    handle: mark,
  },
  {
    method: 'post',
    path: `${PROPOSAL}/apply`,
    summary: 'Write it into the program',
    body: 'ApplyBody',
    answer: 'ApplyResult',
    handle: apply,
  },
];

async function listProposals(c: Context, web: WebContext): Promise<ProposalPage> {
  const status = queryOneOf(c, 'status', proposalStatuses);
  const run = c.req.query('run');
  const only = run === undefined || run === '' ? null : web.index.resolve(run);
  const { runs, complete } = await web.index.runs();
  return {
    proposals: runs
      .filter((each) => only === null || each.runId === only)
      .flatMap((each) => each.proposals.map(proposalItem))
      .filter((each) => status === undefined || each.status === status),
    complete,
  };
}

function proposalItem(each: Proposal): ProposalListItem {
  const { kind, summary } = each.proposal;
  return {
    proposal_id: each.proposal_id,
    run_id: each.run_id,
    instance_id: each.instance_id,
    interrupt_id: each.interrupt_id,
    source_role_id: each.source_role_id,
    requester_task_id: each.requester_task_id,
    kind,
    summary,
    target_file_path: each.target_file_path,
    status: each.status,
    created_at: each.created_at,
    status_updated_at: each.status_updated_at,
  };
}

async function showProposal(c: Context, web: WebContext): Promise<ProposalView> {
  const { runId, proposal } = proposalIn(c, web);
  return { proposal, diff: await diffOf(web, runId, proposal) };
}

async function mark(c: Context, web: WebContext): Promise<ProposalView> {
  const { runId, proposal } = proposalIn(c, web);
  const body = await readBody(c);
  await markProposal(
    web.world,
    web.place.programDir,
    proposal.proposal_id,
    body.oneOf('status', proposalStatuses),
    body.textOrNull('note'),
    { run: runId },
  );
  return showProposal(c, web);
}

async function apply(c: Context, web: WebContext): Promise<ApplyResult> {
  const { runId, proposal } = proposalIn(c, web);
  const body = await readBody(c);
  const applied = await applyProposal(web.world, web.place, proposal.proposal_id, {
    append: body.flag('append'),
    force: body.flag('force'),
    run: runId,
  });
  return { proposal: applied.proposal, file: applied.file, written: applied.written };
}

/** Whole ids only: a proposal is looked for in its run, not in a thousand. */
function proposalIn(c: Context, web: WebContext): { runId: string; proposal: Proposal } {
  const runId = runIdIn(c, web);
  const id = param(c, 'proposal');
  const proposal = web.feeds.state(runId).proposals.get(id);
  if (proposal) return { runId, proposal };
  throw new Refusal('proposal-not-found', `run ${runId} has no proposal "${id}"`, {
    exit: ExitStatus.notFound,
  });
}

async function diffOf(web: WebContext, runId: string, proposal: Proposal): Promise<ProposalDiff> {
  try {
    const change = await proposalChange(web.place.programDir, proposal.proposal_id, runId);
    const { file, before, after, changedSince } = change;
    const unified = await diffProposal(change);
    return { file, unified, before, after, changed_since: changedSince, problem: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {
      file: proposal.target_file_path,
      unified: '',
      before: null,
      after: null,
      changed_since: false,
      problem: error.message,
    };
  }
}
