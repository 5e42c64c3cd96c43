/** Questions and proposals: what only a person decides. */
import type { Context, Hono } from 'hono';
import { resumeInBackground } from '../../app/run/act-on-run.ts';
import { answerInterrupt, type Answer } from '../../app/inbox/answer.ts';
import {
  contextArtifact,
  inspectQuestion,
  previewAnswer,
} from '../../app/inbox/inspect-question.ts';
import { findInterrupt } from '../../app/inbox/list.ts';
import {
  applyProposal,
  diffProposal,
  markProposal,
  proposalChange,
} from '../../app/proposals/proposals.ts';
import { confidences } from '../../model/program.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Proposal } from '../../model/run.ts';
import type {
  ApplyResult,
  ProposalDiff,
  ProposalPage,
  ProposalView,
  QuestionView,
  ReplyPreview,
  ReplyResult,
} from '../api-types.ts';
import type { WebContext } from './context.ts';
import { queryOneOf, readBody, type Body } from './request.ts';
import { sendFile } from './send-file.ts';
import { proposalItem, runItem } from './views.ts';

const QUESTION = '/api/runs/:run/interrupts/:interrupt';
const PROPOSAL = '/api/runs/:run/proposals/:proposal';
const proposalStatuses = ['proposed', 'accepted', 'rejected', 'applied'] as const;

export function addQuestionRoutes(app: Hono, web: WebContext): void {
  const { programDir } = web.place;
  const idsOf = (c: Context): { runId: string; interruptId: string } => {
    const runId = web.index.resolve(c.req.param('run') ?? '');
    const { interruptId } = findInterrupt(programDir, c.req.param('interrupt') ?? '', runId);
    return { runId, interruptId };
  };

  app.get(QUESTION, async (c) => {
    const { runId, interruptId } = idsOf(c);
    const { state, ...details } = await inspectQuestion(programDir, runId, interruptId);
    const view: QuestionView = { run: runItem(state, web.index.isDriven(runId)), ...details };
    return c.json(view);
  });

  app.get(`${QUESTION}/artifacts/:path{.+}`, async (c) => {
    const { runId, interruptId } = idsOf(c);
    const path = c.req.param('path') ?? '';
    return sendFile(c, await contextArtifact(programDir, runId, interruptId, path), path);
  });

  app.post(`${QUESTION}/preview`, async (c) => {
    const { runId, interruptId } = idsOf(c);
    const answer = answerIn(await readBody(c));
    const preview: ReplyPreview = await previewAnswer(
      web.world,
      programDir,
      runId,
      interruptId,
      answer,
    );
    return c.json(preview);
  });

  app.post(`${QUESTION}/reply`, async (c) => {
    const { runId, interruptId } = idsOf(c);
    const body = await readBody(c);
    const answer = answerIn(body);
    const preview = await previewAnswer(web.world, programDir, runId, interruptId, answer);
    if (preview.problems.length > 0) {
      throw new Refusal('payload-invalid', preview.problem ?? 'the payload does not fit', {
        data: { problems: preview.problems },
      });
    }
    const found = findInterrupt(programDir, interruptId, runId);
    const answered = await answerInterrupt(web.world, found, answer, { command: 'inbox reply' });
    const isFree = answered.stillOpen.length === 0;
    let resumed = answered.holder !== null;
    // An engine at work goes on by itself.
    if (body.flag('resume') && isFree && answered.holder === null) {
      await resumeInBackground(web.world, programDir, runId);
      resumed = true;
    }
    const result: ReplyResult = {
      reply: answered.entry.reply ?? preview.reply,
      still_open: answered.stillOpen,
      resumed,
    };
    return c.json(result);
  });

  app.get('/api/proposals', async (c) => {
    const status = queryOneOf(c, 'status', proposalStatuses);
    const run = c.req.query('run');
    const only = run === undefined || run === '' ? null : web.index.resolve(run);
    const known = await web.index.runs();
    const page: ProposalPage = {
      proposals: known.runs
        .filter((each) => only === null || each.runId === only)
        .flatMap((each) => each.proposals.map(proposalItem))
        .filter((each) => status === undefined || each.status === status),
      complete: known.complete,
    };
    return c.json(page);
  });

  app.get(PROPOSAL, async (c) => c.json(await proposalView(web, c)));

  app.post(`${PROPOSAL}/mark`, async (c) => {
    const { runId, proposalId } = proposalOf(web, c);
    const body = await readBody(c);
    await markProposal(
      web.world,
      programDir,
      proposalId,
      body.oneOf('status', proposalStatuses),
      body.textOrNull('note'),
      runId,
    );
    return c.json(await proposalView(web, c));
  });

  app.post(`${PROPOSAL}/apply`, async (c) => {
    const { proposalId, runId } = proposalOf(web, c);
    const body = await readBody(c);
    const applied = await applyProposal(web.world, web.place, proposalId, {
      append: body.flag('append'),
      force: body.flag('force'),
      run: runId,
    });
    const result: ApplyResult = {
      proposal: applied.proposal,
      file: applied.file,
      written: applied.written,
    };
    return c.json(result);
  });
}

function answerIn(body: Body): Answer {
  return {
    text: body.text('text'),
    replyKind: 'answer',
    payload: body.json('payload'),
    rationale: body.textOrNull('rationale'),
    confidence: body.oneOfOrNull('confidence', confidences),
    citations: body.texts('citations'),
  };
}

/** Whole ids only: a proposal is looked for in its run, not in a thousand. */
function proposalOf(
  web: WebContext,
  c: Context,
): { runId: string; proposalId: string; proposal: Proposal } {
  const runId = web.index.resolve(c.req.param('run') ?? '');
  const proposalId = c.req.param('proposal') ?? '';
  const proposal = web.feeds.state(runId).proposals.get(proposalId);
  if (proposal) return { runId, proposalId, proposal };
  throw new Refusal('proposal-not-found', `run ${runId} has no proposal "${proposalId}"`, {
    exit: ExitStatus.notFound,
  });
}

async function proposalView(web: WebContext, c: Context): Promise<ProposalView> {
  const { proposalId, proposal, runId } = proposalOf(web, c);
  return { proposal, diff: await diffOf(web, proposalId, runId, proposal) };
}

async function diffOf(
  web: WebContext,
  id: string,
  runId: string,
  proposal: Proposal,
): Promise<ProposalDiff> {
  try {
    const change = await proposalChange(web.place.programDir, id, runId);
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
