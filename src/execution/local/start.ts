/**
 * Starts an attempt, or finds one again after the engine that started it has died. See
 * attempt-files.ts for how the two sides agree on who ran, and attempt-supervisor.ts for what happens
 * while it lives.
 */
import { Refusal } from '../../model/refusal.ts';
import { isSameProcess, ownScope } from '../../processes/identity.ts';
import { attemptFiles, readExit, readIdentity, settleClaim, unclaimed } from './attempt-files.ts';
import { AttemptSupervisor } from './watch.ts';
import { directoryProblem, launchAttempt } from './launch.ts';
import type { Launcher } from './launcher.ts';
import type { AgentLaunch, AttemptProcess, Recovery } from '../../model/attempt.ts';
import { prepareLaunch } from './environment.ts';

/**
 * Starts the agent of an attempt whose prompt.md is in place. Where it cannot start (no such program,
 * no such directory), the process returned ends at once with `failure_kind: runner_invocation`.
 * `launcher`: forks the attempt; null: this process does.
 */
export async function startAttempt(
  launch: AgentLaunch,
  launcher: Launcher | null = null,
): Promise<AttemptProcess> {
  const problem = directoryProblem(launch.cwd);
  if (problem !== null) return failed(launch, `the workspace cannot be used: ${problem}`);
  let argv: string[] = [];
  try {
    const prepared = prepareLaunch(launch, launcher?.env);
    argv = prepared.argv;
    const launched = await launchAttempt(launch, argv, prepared.env, launcher);
    switch (launched.kind) {
      case 'child':
        return new AttemptSupervisor(launch, { ...launched, argv });
      case 'running': {
        const { pid, startTime, ended: exited, reaped } = launched;
        const identity = { pid, startTime, ...ownScope() };
        return new AttemptSupervisor(launch, { kind: 'launched', identity, exited, reaped, argv });
      }
      case 'refused':
        return failed(launch, unclaimed(launch), argv);
      case 'lost':
      case 'claimed':
        return await settleAndStart(launch);
    }
  } catch (error) {
    if (error instanceof Refusal) {
      return failed(
        launch,
        error.hint === undefined ? error.message : `${error.message} ${error.hint}`,
      );
    }
    if (isSystemError(error)) return failed(launch, error.message, argv);
    throw error;
  }
}

/** Whether the attempt runs, or ran, is settled as after an engine's death; an attempt begins once. */
async function settleAndStart(launch: AgentLaunch): Promise<AttemptProcess> {
  const recovery = recoverAttempt(launch);
  if (recovery.kind !== 'never_started') return recovery.process;
  return startAttempt({ ...launch, generation: recovery.nextGeneration });
}

/**
 * Settles an attempt that the log calls started, without a race: afterwards it is known to live, known
 * to have ended, or known never to have run and never to be able to.
 */
export function recoverAttempt(launch: AgentLaunch): Recovery {
  const files = attemptFiles(launch.attemptDir);
  let generation = launch.generation;
  // Earlier engines may have voided this generation, and started the next.
  for (; ; generation += 1) {
    const claim = settleClaim(files, generation);
    if (claim === 'created') return { kind: 'never_started', nextGeneration: generation + 1 };
    if (claim === 'run') break;
  }
  const identity = readIdentity(files, generation);
  const liveness = identity === null ? 'gone' : isSameProcess(identity);
  const argv = recordedCommand(launch);
  const gone = liveness === 'gone' || (liveness === 'unknown' && readExit(files) !== null);
  if (identity === null || gone) {
    const process = new AttemptSupervisor(launch, { kind: 'gone', identity, argv });
    return { kind: 'ended', process };
  }
  const process = new AttemptSupervisor(launch, { kind: 'attached', identity, argv });
  return { kind: 'running', process };
}

function failed(launch: AgentLaunch, problem: string, argv: string[] = []): AttemptProcess {
  return new AttemptSupervisor(launch, { kind: 'failed', problem, argv });
}

/** For runtime.json: what it would be started with now, which is what it was started with. */
function recordedCommand(launch: AgentLaunch): string[] {
  try {
    return prepareLaunch(launch).argv;
  } catch {
    return [];
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
