/** Drives a run in this process. */
import type { RunEvent } from '../../core/events/events.ts';
import type { Refusal } from '../../model/refusal.ts';
import type { Instance, RunStatus } from '../../model/run.ts';
import { runStatus, type RunState } from '../../core/state/run-state.ts';
import type { AgentActivity } from '../../model/activity.ts';
import { shimDirectory, writeCommandShim } from '../../attempt/command-shim.ts';
import type { AskableRole } from '../../attempt/brief/stage-request.ts';
import type { AssistantResult } from '../assistants/answer-by-assistant.ts';
import { attemptsOf, type AttemptContext } from '../../engine/attempts.ts';
import type { Executor } from '../../execution/executor.ts';
import { launchersHere, LocalExecutor } from '../../execution/local/executor.ts';
import { RoutedExecutor } from '../../execution/routed-executor.ts';
import { makeDirectory } from '../../disk/disk.ts';
import { namesIn } from '../../disk/names-in.ts';
import type { Notifier } from '../notify/notifier.ts';
import { privateDir } from '../../store/layout.ts';
import { agentConfigOf, globalRootFrom, loadGlobalConfig } from '../../program/global-config.ts';
import { Engine } from '../../engine/engine.ts';
import { Intake } from '../../engine/intake.ts';
import type { EngineParts } from '../../engine/parts.ts';
import { schemasOfConditions, type Prices } from '../../model/program.ts';
import type { StopMode } from '../../engine/loop.ts';
import { InlineAssistants } from '../assistants/inline.ts';
import { earlierUse } from './earlier-use.ts';
import { pricesFor } from './spending.ts';
import { keepBases } from './start-bases.ts';
import { compileLate } from '../../engine/compile-late.ts';
import { keepHeapSmall } from '../../engine/keep-heap-small.ts';
import { readRoles } from '../assistants/program-roles.ts';
import { openSession, type RunSession } from '../../engine/session.ts';
import type { World } from '../world.ts';
import { selfCommand } from './background.ts';

export interface DriveOptions {
  /** Shown to others who want the run: `run start`. */
  command: string;
  /** Try again what failed for reasons that pass. */
  revive?: boolean;
  /** With `revive`: also what nobody knows the end of. */
  orphaned?: boolean;
  /** As the engine's: how long to wait for time alone. */
  maxWaitSec?: number | undefined;
  /** Give what was left running its end, and start nothing. */
  settleOnly?: boolean;
  /** Something to decide before the run goes on, such as a retry. */
  prepare?(session: RunSession): void;
  onEvent?(event: RunEvent, state: RunState): void;
  onActivity?(instanceId: string, activities: AgentActivity[]): void;
  /** Failed instances that a resume leaves alone. */
  onLeftAlone?(instances: Instance[]): void;
  /** A file in the inbox was not taken. */
  onRefused?(file: string, reason: string): void;
  /** The readable copy of the run, `state/`, lags behind because the disk did not take it. Once. */
  onStaleCache?(reason: Refusal): void;
  /** How an answer of an inline assistant ended. */
  onAssistant?(interruptId: string, result: AssistantResult): void;
}

export interface DriveResult {
  status: RunStatus;
  state: RunState;
  /** Whether `stop` was called. */
  stopped: boolean;
  /** Whether `leave` was, and agents may be at work that nobody watches. */
  left: boolean;
}

export interface Drive {
  state: RunState;
  /** Stops the agents and ends the drive, leaving the run resumable. A second call with `now` kills. */
  stop(mode: StopMode): void;
  /** Ends the drive, and leaves the agents at work. */
  leave(): void;
  ended: Promise<DriveResult>;
}

/** Takes the run and drives it until it rests. @throws Refusal `run-busy`, or for a damaged log */
export function driveRun(
  world: World,
  programDir: string,
  runId: string,
  options: DriveOptions,
): Drive {
  const session = openSession(world, programDir, runId, options.command);
  try {
    options.prepare?.(session);
    return driveSession(world, session, options);
  } catch (error) {
    session.close();
    throw error;
  }
}

/** As `driveRun`, for a session that the caller holds; closes it at the end. */
export function driveSession(
  world: World,
  session: RunSession,
  options: Omit<DriveOptions, 'command' | 'prepare'>,
  begin: (engine: Engine) => void = () => undefined,
): Drive {
  keepHeapSmall();
  compileLate();
  let stopped = false;
  let left = false;
  if (options.onEvent) session.onEvent(options.onEvent);
  if (options.onStaleCache) session.onStaleCache(options.onStaleCache);
  const context = attemptContext(world, session);
  const { project } = session.state.plan;
  const isElsewhere = world.executor === undefined && project.executor === 'temporal';
  const routed = isElsewhere ? new RoutedExecutor(localExecutor(world)) : null;
  const executor = world.executor ?? routed ?? localExecutor(world);
  // Also while nothing reaches them: what is for other machines is never carried out here.
  if (routed !== null) context.taskQueue = '';
  const tests = schemasOfConditions(session.state.plan.tasks);
  let prices: Prices = {};
  let fits: EngineParts['fits'] = () => ({ ok: false, why: 'its schema is not known' });
  const parts: EngineParts = {
    fits: (schema, value) => fits(schema, value),
    clock: world.clock,
    run: session,
    inbox: new Intake(session),
    attempts: attemptsOf(context),
    executor,
    earlierUse: (taskIds) =>
      earlierUse(session.paths.authoredDir, session.state.runId, prices, taskIds),
  };
  const engine = new Engine(parts, {
    revive: options.revive ?? false,
    orphaned: options.orphaned ?? false,
    settleOnly: options.settleOnly ?? false,
    maxWaitSec: options.maxWaitSec,
    onActivity: options.onActivity,
    onLeftAlone: options.onLeftAlone,
    onRefused: options.onRefused,
    answerer: inlineAssistants(world, session, options),
  });
  begin(engine);
  let notifier: Notifier | null = null;
  const ended = loadGlobalConfig(globalRootFrom(world.env, world.cwd))
    .then(async (loaded) => {
      context.config = agentConfigOf(loaded);
      // Before anything begins; in a run that is done, nothing does.
      if (routed !== null && runStatus(session.state) !== 'done') {
        const { executorElsewhere, machinesFor } = await import('./elsewhere.ts');
        const machines = machinesFor(loaded, session.paths.authoredDir, project);
        routed.reach(await executorElsewhere(world, machines));
        context.taskQueue = machines.temporal.task_queue;
      }
      if (asksAboutItems(session.state)) prices = await pricesFor(world, session.state);
      if (tests.length > 0) fits = await (await import('../../schema/fits.ts')).fitsOf(tests);
      notifier = await notifierFor(world, session);
      notifier?.begin();
      const mayStart = options.settleOnly !== true && runStatus(session.state) !== 'done';
      if (mayStart) await keepBases(world, session.state);
      await engine.run();
    })
    .finally(() => notifier?.close())
    .finally(() => (world.executor ? undefined : executor.close()))
    .finally(() => session.close())
    .then(() => ({ status: runStatus(session.state), state: session.state, stopped, left }));
  return {
    state: session.state,
    stop(mode) {
      stopped = true;
      engine.stop(mode);
    },
    leave() {
      left = true;
      engine.leave();
    },
    ended,
  };
}

function localExecutor({ env }: World): Executor {
  return new LocalExecutor({ env, launchers: launchersHere() });
}

/** Whether a person may be asked how many items there shall be. */
function asksAboutItems({ plan }: RunState): boolean {
  return Object.values(plan.tasks).some(({ for_each: each }) => (each?.ask_above ?? null) !== null);
}

/** null where nobody is to be told of anything. */
async function notifierFor(world: World, session: RunSession): Promise<Notifier | null> {
  const { rulesFor } = await import('../notify/rules.ts');
  const rules = await rulesFor(world, session.state.plan.project.notify);
  if (rules.length === 0 && namesIn(session.paths.outboxDir).length === 0) return null;
  const { Notifier } = await import('../notify/notifier.ts');
  return new Notifier(world, session, rules);
}

function inlineAssistants(
  world: World,
  { state, paths }: RunSession,
  { onAssistant }: Pick<DriveOptions, 'onAssistant'>,
): InlineAssistants | undefined {
  if (state.plan.project.assistants !== 'inline') return undefined;
  return new InlineAssistants(world, paths, { onEnded: onAssistant });
}

/** What attempts need beside the run: the shim, the roles, and how agents are set up, once that is read. */
function attemptContext(world: World, session: RunSession): AttemptContext {
  const { paths } = session;
  // A sandbox closes what is there: else a worker could make one, and leave an edit of the program in it.
  makeDirectory(privateDir(paths.authoredDir), { shared: true });
  const globalRoot = globalRootFrom(world.env, world.cwd);
  let roles: Promise<AskableRole[]> | null = null;
  return {
    session,
    clock: world.clock,
    env: world.env,
    treesRoot: async () => (await loadGlobalConfig(globalRoot)).config.trees.dir,
    config: { sections: {}, problem: null },
    taskQueue: null,
    globalRoot,
    commandPath: writeCommandShim(shimDirectory(paths.binDir, globalRoot), selfCommand(world)),
    roles: () => (roles ??= askableRoles(paths.authoredDir)),
  };
}

/** Of the roles alone: reading all of a large program took longer than all of its first attempts. */
async function askableRoles(programDir: string): Promise<AskableRole[]> {
  const { roles } = await readRoles(programDir);
  return roles.map(({ id, title, description, policy }) => ({
    id,
    title,
    description,
    ...policy,
  }));
}
