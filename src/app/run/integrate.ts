/** `run integrate`: the result of a run, in a branch of the person's. */
import path from 'node:path';
import { createFile, jsonFile, makeDirectory, remove } from '../../disk/disk.ts';
import { readForeignText } from '../../disk/foreign-file.ts';
import {
  carryOut,
  decideIntegration,
  holdsAll,
  type Decided,
  type Integration,
} from '../../git/integrate.ts';
import { recoverIntegration } from '../../git/integrate-recovery.ts';
import { GitFailure } from '../../git/git.ts';
import { runRefs } from '../../git/refs.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { MergeConflict } from '../../model/trees.ts';
import { isSameProcess, ownIdentity, type ProcessIdentity } from '../../processes/identity.ts';
import type { World } from '../world.ts';
import type { WorkPlace } from '../../attempt/tree/merge-work.ts';
import { mergedWork, readWork, refuseUnfinished, resultConflict, type RunWork } from './work.ts';

export interface IntegrateOptions {
  /** A branch that is there; null: the one that is checked out. */
  into: string | null;
  /** One that is to be made. */
  branch: string | null;
  squash: boolean;
}

export interface IntegratedRun {
  run_id: string;
  /** Empty where it was refused: then nothing at all was changed. */
  integrated: Integrated[];
  conflicts: (MergeConflict & { branch: string })[];
  /** Files of the person's that are in the way. */
  overlaps: string[];
}

export interface Integrated {
  /** The top of the working tree that the run started from. */
  worktree: string;
  branch: string;
  /** Where it was; null: it is new. */
  previous: string | null;
  commit: string;
  how: Integration['how'];
  /** The commit that uncommitted work became first, where the base held it. */
  included: string | null;
}

/** What is kept on disk while it is carried out. */
interface Intent {
  by: ProcessIdentity;
  integrations: Integration[];
}

/**
 * @throws Refusal `no-trees`, `run-not-done`, `result-conflict`, `integrate-busy`, and as `decideIntegration` and
 * `carryOut`
 */
export async function integrateRun(
  world: World,
  programDir: string,
  run: string,
  options: IntegrateOptions,
): Promise<IntegratedRun> {
  const work = readWork(world, programDir, run);
  const { git, paths } = work;
  const shown: IntegratedRun = { run_id: paths.runId, integrated: [], conflicts: [], overlaps: [] };
  makeDirectory(paths.treesDir);
  const file = path.join(paths.root, 'integrate.json');
  shown.overlaps = await recover(work, file);
  if (shown.overlaps.length > 0) return shown;
  refuseUnfinished(work);
  const decided: { place: WorkPlace; outcome: Decided }[] = [];
  for (const place of work.places) {
    decided.push({ place, outcome: await decide(world, work, place, options) });
  }
  for (const { outcome } of decided) {
    if (outcome.ok) continue;
    shown.conflicts.push(...outcome.conflicts.map((each) => ({ ...each, branch: outcome.branch })));
    shown.overlaps.push(...outcome.overlaps);
  }
  if (shown.conflicts.length + shown.overlaps.length > 0) return shown;
  const done = decided.flatMap(({ place, outcome }) =>
    outcome.ok ? [{ place, integration: outcome.integration }] : [],
  );
  const intent: Intent = {
    by: ownIdentity(),
    integrations: done.map(({ integration }) => integration),
  };
  if (!createFile(file, jsonFile(intent), { durable: true })) throw busy(paths.runId);
  try {
    for (const { integration } of done) await carryOut(git, integration);
  } catch (error) {
    // What git refused is not begun. What failed otherwise may be half done: the next one ends it, by the intent.
    if (error instanceof Refusal && !(error instanceof GitFailure)) remove(file);
    throw error;
  }
  remove(file);
  shown.integrated = done.map(({ place, integration }) => ({
    worktree: place.base.worktree,
    branch: integration.branch.replace(/^refs\/heads\//, ''),
    previous: integration.from,
    commit: integration.to,
    how: integration.how,
    included: integration.included,
  }));
  return shown;
}

async function decide(
  world: World,
  work: RunWork,
  place: WorkPlace,
  { into, branch, squash }: IntegrateOptions,
): Promise<Decided> {
  const { git, paths, state } = work;
  const { base, ref } = place;
  const merged = await mergedWork(work, place);
  if (!merged.ok) {
    // A person may have merged it by hand.
    const integration = branch === null ? await holdsAll(git, base, into, merged.sides) : null;
    if (integration === null) throw resultConflict(work, merged);
    return { ok: true, integration };
  }
  const person = Object.entries(world.env).flatMap(([name, value]) =>
    /^GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL|DATE)$/.test(name) && value !== undefined
      ? [[name, value] as const]
      : [],
  );
  return decideIntegration(git, {
    repository: { commonDir: base.repository, topLevel: base.worktree },
    destination: { branch: branch ?? into, isNew: branch !== null },
    squash,
    base: { commit: base.commit, ref, head: base.head },
    result: { commit: merged.commit, ref: runRefs(paths.runId).result },
    message: messageOf(work, squash),
    env: Object.fromEntries(person),
    runId: state.runId,
    at: world.clock.now(),
    scratch: paths.treeFile('integrate', 'merge'),
  });
}

function messageOf({ state }: RunWork, squash: boolean): string {
  const titles = [...state.instances.values()].flatMap(({ task_id: id, workspace }) =>
    workspace?.commit ? [`- ${(state.plan.tasks[id]?.title ?? id).replace(/\s+/g, ' ')}`] : [],
  );
  const verb = squash ? 'Add' : 'Merge';
  const list = titles.length === 0 ? [] : [[...new Set(titles)].join('\n')];
  // Of a squash no trailer: its lines have their own instances.
  const trailer = squash ? [] : [`Codex-Orch-Run: ${state.runId}`];
  return `${[`${verb} the work of codex-orch run ${state.runId}`, ...list, ...trailer].join('\n\n')}\n`;
}

/** Files in the way of what was begun and could not be ended; none: nothing is left of it. */
async function recover({ git, paths }: RunWork, file: string): Promise<string[]> {
  const read = readForeignText(file, { maxBytes: 1 << 20 });
  if (!read.ok) return [];
  const { by, integrations } = JSON.parse(read.text) as Intent;
  if (isSameProcess(by) !== 'gone') throw busy(paths.runId);
  for (const integration of integrations) {
    const inTheWay = await recoverIntegration(git, integration);
    if (inTheWay.length > 0) return inTheWay;
  }
  remove(file);
  return [];
}

function busy(runId: string): Refusal {
  return new Refusal('integrate-busy', `Run ${runId} is being integrated by another process.`, {
    hint: 'Wait for it, and try again.',
    exit: ExitStatus.failed,
    data: { conflicts: [], overlaps: [] },
  });
}
