/**
 * What a person does with the changes that assistants suggest: look, decide, apply. The runtime only ever
 * records them.
 */
import { isUtf8 } from 'node:buffer';
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Proposal, ProposalKind, ProposalStatus } from '../../model/run.ts';
import { suggest } from '../../text/suggest.ts';
import { findProgramFile, MAX_TARGET_BYTES } from './check-proposals.ts';
import { readForeign } from '../../disk/foreign-file.ts';
import { sha256 } from '../../disk/sha256.ts';
import { listRunIds, resolveRunId, runPaths } from '../../store/layout.ts';
import { viewRun } from '../../store/directory/view.ts';
import { commitEdit } from '../program/edit.ts';
import { editProgram } from '../program/held-program.ts';
import { recordProposalsInRun, type Waiting } from '../../engine/as-writer.ts';
import type { World } from '../world.ts';
import type { ProgramPlace } from '../program/validate.ts';

export interface ProposalFilter {
  /** An id, a unique beginning of one, or `latest`; all runs where it is absent. */
  run?: string | undefined;
  status?: ProposalStatus | undefined;
  kind?: ProposalKind | undefined;
}

/** Newest run first; in a run, as recorded. Runs that cannot be read are left out, and named. */
export function listProposals(
  programDir: string,
  filter: ProposalFilter = {},
): { proposals: Proposal[]; unreadable: string[] } {
  const runs =
    filter.run === undefined ? listRunIds(programDir) : [resolveRunId(programDir, filter.run)];
  const proposals: Proposal[] = [];
  const unreadable: string[] = [];
  for (const runId of runs) {
    try {
      const state = viewRun(runPaths(programDir, runId)).state;
      proposals.push(...[...state.proposals.values()].filter((one) => matches(one, filter)));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      unreadable.push(`run ${runId}: ${error.message}`);
    }
  }
  return { proposals, unreadable };
}

/**
 * The one that a person means: an id, or a unique beginning of one, with or without `prop-`.
 * @throws Refusal `proposal-not-found`, `proposal-ambiguous`, exit status 4
 */
export function findProposal(programDir: string, text: string, run?: string): Proposal {
  const { proposals } = listProposals(programDir, { run });
  const exact = proposals.find(({ proposal_id }) => proposal_id === text);
  if (exact) return exact;
  const beginnings = [text, `prop-${text}`, `prop-int-${text}`];
  const found = proposals.filter(
    ({ proposal_id: id }) => text !== '' && beginnings.some((one) => id.startsWith(one)),
  );
  const [first] = found;
  if (first && found.length === 1) return first;
  const details = { hint: `codex-orch proposal list ${programDir}`, exit: ExitStatus.notFound };
  if (first) {
    const names = found.slice(0, 5).map(({ proposal_id }) => proposal_id);
    const more = found.length > 5 ? ', …' : '';
    const message = `"${text}" fits ${found.length} proposals: ${names.join(', ')}${more}`;
    throw new Refusal('proposal-ambiguous', message, details);
  }
  const near = suggest(
    text,
    proposals.map(({ proposal_id }) => proposal_id),
  );
  const also = near === null ? '' : `; did you mean ${near}?`;
  throw new Refusal('proposal-not-found', `there is no proposal "${text}"${also}`, details);
}

/** @throws Refusal `note-blank`, and as `findProposal` */
export async function markProposal(
  world: World,
  programDir: string,
  id: string,
  status: ProposalStatus,
  note: string | null,
  { run, waiting }: { run?: string; waiting?: Waiting } = {},
): Promise<Proposal> {
  if (note !== null && note.trim() === '') {
    throw new Refusal('note-blank', 'the note is blank', {
      hint: 'say something with --note, or leave it out',
    });
  }
  const { run_id, proposal_id } = findProposal(programDir, id, run);
  await mark(world, programDir, run_id, { proposal_id, status, note }, 'proposal mark', waiting);
  return findProposal(programDir, proposal_id, run_id);
}

export interface ProposalChange {
  proposal: Proposal;
  /** Relative to the program. */
  file: string;
  /** The text as it is now; null where there is no file. */
  before: string | null;
  /** The text as it would be; for a snippet: with the snippet added. */
  after: string;
  /** The file is not what it was when the proposal was recorded. */
  changedSince: boolean;
}

/** What applying it would change now. Writes nothing. @throws Refusal `proposal-target`, `proposal-content` */
export async function proposalChange(
  programDir: string,
  id: string,
  run?: string,
): Promise<ProposalChange> {
  const proposal = findProposal(programDir, id, run);
  const found = findProgramFile(programDir, proposal.target_file_path);
  if (!found.ok) throw new Refusal('proposal-target', `${proposal.proposal_id}: ${found.reason}`);
  const bytes = contentOf(found.absolute);
  if (bytes !== null && !isUtf8(bytes)) {
    throw new Refusal('proposal-target', `${found.file} is not UTF-8 text`);
  }
  const before = bytes === null ? null : bytes.toString('utf8');
  const recorded = proposal.proposal.target['file_sha256'];
  const now = bytes === null ? null : sha256(bytes);
  return {
    proposal,
    file: found.file,
    before,
    after: await textAfter(proposal, before ?? ''),
    changedSince: recorded !== undefined && recorded !== now,
  };
}

/** A unified diff, as `git apply` takes it; empty where nothing would change. */
export async function diffProposal(change: ProposalChange): Promise<string> {
  const { file, before, after } = change;
  if (before === after) return '';
  const { createTwoFilesPatch } = await import('diff');
  const from = before === null ? '/dev/null' : `a/${file}`;
  const patch = createTwoFilesPatch(from, `b/${file}`, before ?? '', after, undefined, undefined, {
    context: 3,
  });
  return patch.replace(/^=+\n/, '');
}

export interface AppliedProposal {
  proposal: Proposal;
  file: string;
  /** False where the file held all of it already. */
  written: boolean;
}

/**
 * Writes the change into the program, whole or not at all, and marks the proposal applied.
 *
 * @throws Refusal `proposal-snippet` for a snippet without `append`; `proposal-applied`,
 * `proposal-rejected` and `proposal-stale` (the file has changed since) without `force`;
 * `edit-breaks-program`, also with it
 */
export async function applyProposal(
  world: World,
  place: ProgramPlace,
  id: string,
  options: { append: boolean; force: boolean; run?: string; waiting?: Waiting },
): Promise<AppliedProposal> {
  const { change, written } = await editProgram(world, place, 'proposal apply', async (held) => {
    // Read before anything is made of it, so that a change meanwhile is noticed.
    held.source.read(findProposal(place.programDir, id, options.run).target_file_path);
    const change = await proposalChange(place.programDir, id, options.run);
    refuseUnlessMeant(change, options);
    const written = change.before !== change.after;
    if (written) await commitEdit(held, new Map([[change.file, change.after]]));
    return { change, written };
  });
  const { proposal, file } = change;
  const note = written ? `applied to ${file}` : `${file} held it already`;
  const { run_id, proposal_id } = proposal;
  await mark(
    world,
    place.programDir,
    run_id,
    { proposal_id, status: 'applied', note },
    'proposal apply',
    options.waiting,
  );
  return { proposal: findProposal(place.programDir, proposal_id, run_id), file, written };
}

function refuseUnlessMeant(
  { proposal, file, before, after, changedSince }: ProposalChange,
  { append, force }: { append: boolean; force: boolean },
): void {
  const { proposal_id: id, status } = proposal;
  if (proposal.proposal.suggested_content_mode === 'snippet' && !append) {
    throw new Refusal('proposal-snippet', `${id} is a snippet: it does not say where it goes`, {
      hint: `edit ${file} by hand, or add it at the end with --append; then: codex-orch proposal mark ${id} --status applied`,
    });
  }
  if (force || before === after) return;
  if (status === 'applied' || status === 'rejected') {
    throw new Refusal(`proposal-${status}`, `${id} is marked ${status}`, {
      hint: 'apply it all the same with --force',
    });
  }
  if (changedSince) {
    throw new Refusal('proposal-stale', `${file} has changed since ${id} was recorded`, {
      hint: `see: codex-orch proposal diff ${id}; apply it all the same with --force`,
    });
  }
}

async function mark(
  world: World,
  programDir: string,
  runId: string,
  {
    proposal_id,
    status,
    note,
  }: { proposal_id: string; status: ProposalStatus; note: string | null },
  command: string,
  waiting?: Waiting,
): Promise<void> {
  const request = { command: 'mark_proposal', proposal_id, status, note } as const;
  await recordProposalsInRun(world, programDir, runId, command, request, waiting);
}

async function textAfter({ proposal }: Proposal, before: string): Promise<string> {
  const { suggested_content: content, suggested_content_mode: mode, target } = proposal;
  const section = target['routing_section'];
  if (proposal.kind === 'routing_policy_update' && typeof section === 'string') {
    return textWithSection(before, section, content, mode);
  }
  if (mode === 'full_replacement') return content.endsWith('\n') ? content : `${content}\n`;
  if (before.trimEnd().endsWith(content.trim())) return before;
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  return `${before}${gap}${content.trimEnd()}\n`;
}

/** The task's file with that section replaced, or (a snippet) with what is new merged into it. */
async function textWithSection(
  before: string,
  section: string,
  content: string,
  mode: 'snippet' | 'full_replacement',
): Promise<string> {
  const { parseYaml } = await import('../../schema/parse-yaml.ts');
  const { setFields } = await import('../../program/source/edit-yaml.ts');
  const bad = (reason: string): Refusal =>
    new Refusal('proposal-content', `what is suggested for ${section} cannot be used: ${reason}`);
  let value: Json;
  let current: Json;
  try {
    value = parseYaml(content) as Json;
    current = parseYaml(before) as Json;
  } catch (error) {
    throw bad((error as Error).message.split('\n')[0] ?? 'it is not YAML');
  }
  if (!isJsonObject(value)) throw bad('it is not a mapping');
  // With or without the section's own name around it.
  const inner = Object.keys(value).length === 1 ? value[section] : undefined;
  const given = isJsonObject(inner) ? inner : value;
  const old = isJsonObject(current) ? current[section] : undefined;
  const merged = mode === 'snippet' && isJsonObject(old) ? merge(old, given) : given;
  if (old !== undefined && JSON.stringify(old) === JSON.stringify(merged)) return before;
  return setFields(before, { [section]: merged });
}

/** Lists grow by what they do not hold yet, mappings by their entries; anything else is replaced. */
function merge(old: JsonObject, given: JsonObject): JsonObject {
  const result: JsonObject = { ...old };
  for (const [key, value] of Object.entries(given)) {
    const before = Object.hasOwn(old, key) ? old[key] : undefined;
    if (Array.isArray(before) && Array.isArray(value)) {
      const known = new Set(before.map((item) => JSON.stringify(item)));
      result[key] = [...before, ...value.filter((item) => !known.has(JSON.stringify(item)))];
    } else if (isJsonObject(before) && isJsonObject(value)) result[key] = merge(before, value);
    else result[key] = value;
  }
  return result;
}

function matches(proposal: Proposal, { status, kind }: ProposalFilter): boolean {
  if (status !== undefined && proposal.status !== status) return false;
  return kind === undefined || proposal.proposal.kind === kind;
}

function contentOf(file: string): Buffer | null {
  const read = readForeign(file, { maxBytes: MAX_TARGET_BYTES });
  if (read.ok) return read.bytes;
  if (read.code === 'missing') return null;
  throw new Refusal('proposal-target', `${file} cannot be compared: ${read.reason}`);
}
