/**
 * How an engine, or a command for a moment, becomes the one writer of a run. The engine calls what it then
 * holds its session.
 */
import { DirectoryRunStore } from '../store/directory/store.ts';
import type { RunStore, RunWriter, Writing } from '../store/run-store.ts';
import type { Surroundings } from './surroundings.ts';

export type RunSession = RunWriter;

/** The runs of a program: in its directory, where nobody handed in others. */
export function runStore({ runs, env, clock }: Surroundings, programDir: string): RunStore {
  return (
    runs?.(programDir) ??
    new DirectoryRunStore(programDir, { now: () => clock.now(), sync: flushes(env) })
  );
}

/** Takes the run, or says who holds it. `command` is shown to others. */
export function tryOpenSession(
  surroundings: Surroundings,
  programDir: string,
  runId: string,
  command: string,
): Writing {
  return runStore(surroundings, programDir).write(runId, command);
}

/** As `tryOpenSession`. @throws Refusal `run-busy` that names the holder */
export function openSession(
  surroundings: Surroundings,
  programDir: string,
  runId: string,
  command: string,
): RunSession {
  const attempt = tryOpenSession(surroundings, programDir, runId, command);
  if (attempt.ok) return attempt.writer;
  throw attempt.refusal;
}

/** Whether commits reach the device. CODEX_ORCH_NO_SYNC=1 is for measuring what that costs. */
function flushes(env: Surroundings['env']): boolean {
  return env['CODEX_ORCH_NO_SYNC'] !== '1';
}
