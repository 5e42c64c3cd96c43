/**
 * Has one question answered by its assistant role. Crash order, each step on disk before the next:
 *
 *   claim the question → prompt and launch.json → the agent → its proposals → its reply → outcome.json
 *
 * Whoever comes after a crash finds the try by its launch.json without an outcome.json: it re-attaches to
 * an agent that lives, takes what one that ended has left, and goes the rest of the way again. That is
 * harmless: a proposal that is recorded, and a reply that stands, are not made twice.
 */
import { stringifyJson } from '../../model/json.ts';
import path from 'node:path';
import { Refusal } from '../../model/refusal.ts';
import { isOfInstance, type InstanceInterrupt } from '../../model/run.ts';
import type { RunState } from '../../core/state/run-state.ts';
import type { AttemptEnd, AttemptOrder } from '../../model/attempt.ts';
import type { Executor, Handle } from '../../execution/executor.ts';
import { LocalExecutor } from '../../execution/local/executor.ts';
import type { AssistantAnswer } from '../../attempt/harvest/answer.ts';
import { checkProposals } from '../proposals/check-proposals.ts';
import { makeDirectory, remove, writeFile } from '../../disk/disk.ts';
import {
  clearAssistantProblem,
  latestAssistantAttempt,
  writeAssistantLaunch,
  writeAssistantOutcome,
  writeAssistantProblem,
} from '../../store/assistant-records.ts';
import type { RunPaths } from '../../store/layout.ts';
import { acquireInRun } from '../../store/lock/run-lock.ts';
import { answerInterrupt } from '../inbox/answer.ts';
import { shimDirectory, writeCommandShim } from '../../attempt/command-shim.ts';
import {
  briefAssistant,
  type AskedQuestion,
} from '../../attempt/brief/assistant/brief-assistant.ts';
import { finalText, understand } from '../../attempt/harvest/understand.ts';
import { putAway, type AttemptDirectories } from '../../attempt/place/directories.ts';
import { asOrder, assistantOrder } from '../../attempt/order.ts';
import { globalRootFrom, loadAgentConfig } from '../../program/global-config.ts';
import { selfCommand } from '../run/background.ts';
import { readQuestion } from './question.ts';
import { roleAccount, type AccountWait, type RoleAccount } from './role-account.ts';
import type { StopMode } from '../../engine/loop.ts';
import { checkReply, replyOf, type Answer } from '../../engine/reply.ts';
import { readInbox } from '../inbox/list.ts';
import { receiveIfFree, recordProposalsInRun } from '../../engine/as-writer.ts';
import type { World } from '../world.ts';

export type AssistantResult =
  | { kind: 'answered'; replyKind: 'answer' | 'handoff_to_human'; roleId: string }
  /** `wait`: what is to end before it is tried again by itself; null: it is not. */
  | { kind: 'failed'; reason: string; wait: AccountWait | null }
  /** The question names no role. */
  | { kind: 'no_role' }
  /** On the operator's behalf. */
  | { kind: 'stopped' }
  /** Somebody else is answering it. */
  | { kind: 'busy' }
  /** It was answered, or is not there any more. */
  | { kind: 'gone' };

export interface AssistantHooks {
  /** Shown to others: `inbox worker`. */
  command: string;
  /** The agent was started, or found again. */
  onStarted?(interrupt: InstanceInterrupt, roleId: string, attempt: number): void;
}

export interface Answering {
  ended: Promise<AssistantResult>;
  /** Stops the agent; the question stays open. Again with `now` it kills. */
  stop(mode: StopMode): void;
}

/** Begins at once. `ended` rejects only for a defect, or a disk that takes no writes. */
export function answerByAssistant(
  world: World,
  paths: RunPaths,
  interruptId: string,
  hooks: AssistantHooks,
): Answering {
  const stopper = new Stopper();
  return {
    ended: answer(world, paths, interruptId, hooks, stopper),
    stop: (mode) => stopper.stop(mode),
  };
}

async function answer(
  world: World,
  paths: RunPaths,
  interruptId: string,
  hooks: AssistantHooks,
  stopper: Stopper,
): Promise<AssistantResult> {
  const claim = claimQuestion(paths, interruptId, hooks.command, () => world.clock.now());
  if (claim === null) return { kind: 'busy' };
  try {
    // What others did before we had the claim.
    const { preview: state } = await readInbox(paths);
    const record = state.interrupts.get(interruptId);
    if (!record) return { kind: 'gone' };
    if (record.reply !== null) {
      await receiveIfFree(world, paths, hooks.command);
      return { kind: 'gone' };
    }
    const { interrupt } = record;
    const roleId = interrupt.resolved_target_role_id;
    if (roleId === null || !isOfInstance(interrupt)) return { kind: 'no_role' };
    if (stopper.mode !== null) return { kind: 'stopped' };
    return await tryToAnswer(world, paths, state, interrupt, roleId, hooks, stopper);
  } finally {
    claim.release();
  }
}

/** A lock of the question's own. null: somebody has it. */
function claimQuestion(paths: RunPaths, interruptId: string, command: string, now: () => string) {
  const lockDir = path.join(paths.assistantDir(interruptId), 'claim');
  const result = acquireInRun(lockDir, { command, now });
  if (result.ok) return result.lock;
  if (result.reason === 'held') return null;
  throw new Refusal('run-not-writable', `${result.path} cannot be written to: ${result.message}.`);
}

async function tryToAnswer(
  world: World,
  paths: RunPaths,
  state: RunState,
  interrupt: InstanceInterrupt,
  roleId: string,
  hooks: AssistantHooks,
  stopper: Stopper,
): Promise<AssistantResult> {
  const { clock } = world;
  const id = interrupt.interrupt_id;
  let attempt: number | null = null;
  let account: RoleAccount | null = null;
  const settleTry = (outcome: 'answered' | 'failed' | 'stopped', reason: string | null): void => {
    if (attempt !== null) settle(directoriesOf(paths, id, attempt), outcome, reason, clock.now());
  };
  const fail = (reason: string): AssistantResult => {
    writeAssistantProblem(paths, id, { reason, at: clock.now(), attempt });
    settleTry('failed', reason);
    return { kind: 'failed', reason, wait: account?.wait() ?? null };
  };
  try {
    const question = await readQuestion(paths, state, interrupt, roleId);
    const executor = world.executor ?? new LocalExecutor({ env: world.env, launchers: [] });
    account = roleAccount(world, question);
    const begun = await begin(world, question, executor, account);
    attempt = begun.attempt;
    hooks.onStarted?.(interrupt, roleId, attempt);
    stopper.watch(begun.handle);
    const end = await begun.handle.ended;
    account.ended(end);
    const { controlDir } = directoriesOf(paths, id, attempt);
    const text = finalText(end);
    if (text !== null) writeFile(path.join(controlDir, 'final.md'), text);
    if (stopper.mode !== null && wasStopped(end)) {
      settleTry('stopped', 'stopped by the operator');
      return { kind: 'stopped' };
    }
    const understood = understand(question, end);
    if (!understood.ok) return fail(understood.reason);
    await deliver(world, question, understood.answer, controlDir, hooks.command);
    settleTry('answered', null);
    clearAssistantProblem(paths, id);
    const handedOff = understood.answer.resolution_kind === 'handoff_to_human';
    return { kind: 'answered', replyKind: handedOff ? 'handoff_to_human' : 'answer', roleId };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'already-answered') {
      settleTry('failed', error.message);
      clearAssistantProblem(paths, id);
      return { kind: 'gone' };
    }
    const hint = error.hint === undefined ? '' : ` (${error.hint})`;
    return fail(`${error.message}${hint}`);
  }
}

/** Goes on with a try that nobody settled, or begins the next. */
async function begin(
  world: World,
  question: AskedQuestion,
  executor: Executor,
  account: RoleAccount,
): Promise<{ attempt: number; handle: Handle }> {
  const { paths, interrupt } = question;
  const id = interrupt.interrupt_id;
  const latest = latestAssistantAttempt(paths, id, question.state.plan.format_version);
  if (latest?.settled === true) putAway(latest);
  else if (latest !== null) {
    const order = asOrder(latest.launch, latest);
    if (order !== null) return { attempt: latest.number, handle: await findAgain(order, executor) };
    // A crash while it was prepared: no agent can have been started.
    for (const directory of [latest.attemptDir, latest.controlDir]) remove(directory);
  }
  account.check();
  const attempt = latest === null ? 1 : latest.settled ? latest.number + 1 : latest.number;
  const directories = directoriesOf(paths, id, attempt);
  const order = await prepareTry(world, question, directories);
  writeAssistantLaunch(directories.controlDir, order);
  return { attempt, handle: await executor.start(order, deaf) };
}

/** @throws Refusal where the agent may not start, or a file of the role cannot be read */
async function prepareTry(
  world: World,
  question: AskedQuestion,
  directories: AttemptDirectories,
): Promise<AttemptOrder> {
  const { paths, state, interrupt, role } = question;
  const briefed = await briefAssistant(question, directories);
  const globalRoot = globalRootFrom(world.env, world.cwd);
  const commandDir = shimDirectory(paths.binDir, globalRoot);
  writeCommandShim(commandDir, selfCommand(world));
  const config = await loadAgentConfig(globalRoot);
  const now = (): string => world.clock.now();
  const basis = { paths, state, config, env: world.env, commandDir, now };
  const { order, problem } = assistantOrder(basis, interrupt, role, briefed);
  if (problem !== null) throw new Refusal('config-invalid', problem);
  return order;
}

async function findAgain(order: AttemptOrder, executor: Executor): Promise<Handle> {
  const found = await executor.find(order, deaf);
  if (found.kind !== 'never_started') return found.handle;
  return executor.start({ ...order, generation: found.nextGeneration }, deaf);
}

function deaf(): void {
  // What an assistant does is read from its output.
}

/** The proposals first: once the question is answered, nobody looks at this try again. */
async function deliver(
  world: World,
  { paths, interrupt, role }: AskedQuestion,
  answer: AssistantAnswer,
  controlDir: string,
  command: string,
): Promise<void> {
  writeFile(path.join(controlDir, 'answer.json'), `${stringifyJson(answer, 2)}\n`);
  const given: Answer = {
    text: answer.answer,
    replyKind: answer.resolution_kind === 'handoff_to_human' ? 'handoff_to_human' : 'answer',
    payload: answer.payload,
    rationale: answer.rationale,
    confidence: answer.confidence,
    citations: answer.citations,
  };
  // Before the proposals: an answer that cannot be received leaves nothing behind.
  const unfit = await checkReply(paths, interrupt, replyOf(interrupt, given, world.clock.now()));
  if (unfit !== null) throw new Refusal(unfit.code, unfit.message);
  const { proposals, dropped } = checkProposals(answer.proposed_updates, {
    programDir: paths.authoredDir,
    role,
    interrupt,
    now: world.clock.now(),
  });
  if (proposals.length > 0 || dropped.length > 0) {
    await recordProposalsInRun(world, paths.authoredDir, paths.runId, command, {
      command: 'record_proposals',
      interrupt_id: interrupt.interrupt_id,
      proposals,
      dropped,
    });
  }
  await answerInterrupt(world, { paths, interruptId: interrupt.interrupt_id }, given, { command });
}

function directoriesOf(paths: RunPaths, id: string, attempt: number): AttemptDirectories {
  return {
    attemptDir: paths.assistantAttemptDir(id, attempt),
    controlDir: paths.controlDir(id, attempt),
  };
}

function settle(
  directories: AttemptDirectories,
  outcome: 'answered' | 'failed' | 'stopped',
  reason: string | null,
  now: string,
): void {
  makeDirectory(directories.controlDir);
  writeAssistantOutcome(directories.controlDir, { outcome, reason, finished_at: now });
  putAway(directories);
}

function wasStopped(end: AttemptEnd): boolean {
  return end.termination_reason === 'terminated';
}

/** Remembers a stop that comes before there is a process to stop. */
class Stopper {
  mode: StopMode | null = null;
  #handle: Handle | null = null;

  stop(mode: StopMode): void {
    this.mode = mode;
    this.#handle?.stop('terminated', mode === 'now' ? 'kill' : 'ask');
  }

  watch(handle: Handle): void {
    this.#handle = handle;
    if (this.mode !== null) handle.stop('terminated', this.mode === 'now' ? 'kill' : 'ask');
  }
}
