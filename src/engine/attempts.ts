/** The attempts of a run on disk, for its engine: ordered, briefed and harvested. It decides nothing about the run. */
import path from 'node:path';
import type { AgentConfig } from '../agents/backend.ts';
import { briefWorker } from '../attempt/brief/brief-worker.ts';
import type { AskableRole } from '../attempt/brief/stage-request.ts';
import { takesPrompt } from '../attempt/harvest/harvest.ts';
import { takeWork } from '../attempt/harvest/take-work.ts';
import { Holds, type Holder } from '../attempt/hold/holds.ts';
import { workerOrder } from '../attempt/order.ts';
import { clearLeftovers, putAway, type AttemptDirectories } from '../attempt/place/directories.ts';
import { clearCheck, receiptOf, unrunnable } from '../attempt/check/receipt.ts';
import { compareWork } from '../attempt/check/compare.ts';
import { recordsChanges, seeWork } from '../attempt/seen/see-work.ts';
import { orderCheck } from '../attempt/check/order.ts';
import { sandboxProblem } from '../execution/local/surroundings.ts';
import { awaitsChecks } from '../core/state/checks.ts';
import { isOfUser, locksOf } from '../core/state/locks.ts';
import { instanceOf, taskOf } from '../core/state/run-state.ts';
import { remove } from '../disk/disk.ts';
import { dropTree } from '../attempt/tree/drop-tree.ts';
import { restoreTree } from '../attempt/tree/leave-work.ts';
import { mergeResults } from '../attempt/tree/merge-work.ts';
import { prepareTree, type TreeContext } from '../attempt/tree/prepare-tree.ts';
import { gitOf } from '../git/git.ts';
import { isSettledTry } from '../store/assistant-records.ts';
import { instanceOfCheck, unsettledAttempts, type RunPaths } from '../store/layout.ts';
import { treeOf } from '../model/trees.ts';
import { accountsOf } from './accounts.ts';
import type { Attempts } from './parts.ts';
import type { RunSession } from './session.ts';
import type { Surroundings } from './surroundings.ts';

/** What all attempts of one engine share. */
export interface AttemptContext {
  session: RunSession;
  clock: Surroundings['clock'];
  env: Surroundings['env'];
  config: AgentConfig;
  /** As in `OrderBasis`. */
  taskQueue: string | null;
  /** Absolute: where instances have trees of their own. */
  treesRoot(): Promise<string>;
  /** The `codex-orch` shim that workers call. */
  commandPath: string;
  /** `~/.codex-orch` */
  globalRoot: string;
  /** Roles of the program; read when the first prompt needs them. */
  roles(): Promise<AskableRole[]>;
}

export function attemptsOf(context: AttemptContext): Attempts {
  const { session, env, commandPath, globalRoot } = context;
  const { state, paths } = session;
  const commandDir = path.dirname(commandPath);
  const holds = new Holds({ globalRoot, now: () => session.now() });
  const git = gitOf(env);
  let hasSandbox: boolean | null = null;
  const trees = (): TreeContext => ({
    state,
    paths,
    git,
    env,
    treesRoot: () => context.treesRoot(),
  });
  return {
    accounts: accountsOf({ session, env, globalRoot }),
    order: (instanceId, generation) => {
      const { config, taskQueue } = context;
      const now = (): string => session.now();
      const basis = { paths, state, config, env, commandDir, taskQueue, now };
      return workerOrder(basis, instanceId, generation);
    },
    async brief(instanceId, order) {
      const holder = holderOf(session, instanceId);
      const locks = locksOf(state, instanceOf(state, instanceId)).filter(isOfUser);
      // They may have gone to another run while no engine drove this one.
      if (locks.length > 0 && !holds.takeLocks(holder, locks)) {
        const names = locks.map(({ name }) => `"${name}"`).join(', ');
        return { ok: false, message: `another run has taken a lock of it: ${names}`, passes: true };
      }
      const slot = holds.takeSlot(holder);
      const result = (id: string) => session.result(id);
      const run = { state, paths, result, commandPath, git, roles: await context.roles() };
      const numbered = {
        ...order.env,
        ...(slot === null ? {} : { CODEX_ORCH_SLOT: String(slot) }),
      };
      return briefWorker(run, instanceId, { ...order, env: numbered });
    },
    takeLocks(instanceId, locks) {
      return holds.takeLocks(holderOf(session, instanceId, 1), locks);
    },
    giveBack: (instanceId) => holds.release(instanceId),
    putAway(instanceId, attempt) {
      // Its checks are a part of it.
      if (!awaitsChecks(instanceOf(state, instanceId))) holds.release(instanceId);
      putAway(directoriesOf(paths, instanceId, attempt));
    },
    putAwayLeftovers() {
      const running = [...state.instances.values()].filter(({ status }) => status === 'running');
      holds.takeOver(running.map(({ instance_id: id }) => holderOf(session, id)));
      putAwayLeftovers(session);
    },
    leave: (atWork) => holds.leave(atWork),
    hasTree: (instanceId) =>
      treeOf(state.plan.project, taskOf(state, instanceOf(state, instanceId))) !== null,
    prepareTree: (instanceId) => prepareTree(trees(), instanceId),
    restoreTree: (instanceId, tree) => restoreTree(trees(), instanceId, tree),
    seeBefore(instanceId) {
      const instance = instanceOf(state, instanceId);
      if (instance.attempts.at(-1)?.seen !== undefined) return null;
      if (!recordsChanges(state.plan.project, taskOf(state, instance))) return null;
      return seeWork(trees(), instanceId);
    },
    dropTree: (instanceId) => dropTree(trees(), instanceId),
    mergeResults: () => mergeResults(trees()),
    async check(instanceId, due) {
      if (due.spec.run === undefined) {
        return { ok: false, receipt: await compareWork(trees(), instanceId, due), left: null };
      }
      const { config } = context;
      hasSandbox ??= (await sandboxProblem(env)) === null;
      const now = (): string => session.now();
      const basis = { state, paths, config, env, commandDir, hasSandbox, now };
      const ordered = orderCheck(basis, instanceId, due);
      if (ordered.ok) return ordered;
      return { ok: false, receipt: unrunnable(due, ordered.message), left: ordered.left };
    },
    receipt(instanceId, due, end) {
      const { attempt, attempts, workspace } = instanceOf(state, instanceId);
      const seen = attempts.at(-1)?.seen;
      const tree = due.isBaseline
        ? (seen?.before ?? null)
        : (workspace?.commit?.tree ?? seen?.after ?? null);
      return receiptOf(due, paths.checkPlace(instanceId, attempt, due), end, tree);
    },
    dropCheck(instanceId, due) {
      clearCheck(paths.checkPlace(instanceId, instanceOf(state, instanceId).attempt, due));
    },
    takesPrompt: (instanceId) => takesPrompt(state, instanceOf(state, instanceId)),
    harvest: (instanceId, end) => takeWork(session, trees(), instanceId, end),
  };
}

/** What engines that died have left in `control/`, of workers and of assistants. */
function putAwayLeftovers({ state, paths }: RunSession): void {
  clearLeftovers(paths.controlRoot);
  for (const { owner, attempt } of unsettledAttempts(paths)) {
    const controlDir = paths.controlDir(owner, attempt);
    // Of a check that is cut off: the next one finds it, or clears it.
    const checked = instanceOfCheck(owner);
    if (checked !== null) {
      const { status = 'done' } = state.instances.get(checked) ?? {};
      if (status !== 'running') remove(path.join(paths.controlRoot, owner));
      continue;
    }
    const instance = state.instances.get(owner);
    if (!instance) {
      const attemptDir = paths.assistantAttemptDir(owner, attempt);
      if (isSettledTry({ attemptDir, controlDir })) putAway({ attemptDir, controlDir });
    } else if (instance.status !== 'running' || instance.attempt !== attempt) {
      putAway(directoriesOf(paths, owner, attempt));
    }
  }
}

/** `later`: not of its latest attempt, but of one so much after it. */
function holderOf({ state, paths }: RunSession, instanceId: string, later = 0): Holder {
  const attempt = instanceOf(state, instanceId).attempt + later;
  const { attemptDir, controlDir } = directoriesOf(paths, instanceId, attempt);
  return {
    program_dir: paths.authoredDir,
    run_id: state.runId,
    instance_id: instanceId,
    attempt,
    attempt_dir: attemptDir,
    control_dir: controlDir,
  };
}

function directoriesOf(paths: RunPaths, instanceId: string, attempt: number): AttemptDirectories {
  return {
    attemptDir: paths.attemptDir(instanceId, attempt),
    controlDir: paths.controlDir(instanceId, attempt),
  };
}
