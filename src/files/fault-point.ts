/**
 * Where the fault-injection build dies. In the published build `CODEX_ORCH_FAULTS` is false and every
 * call vanishes. In the other (scripts/build.mjs --faults) the process kills itself, as by `kill -9`,
 * before the n-th step named by the environment variable CODEX_ORCH_DIE_AT, counted from 1 over all
 * steps of the process. CODEX_ORCH_COUNT_FILE, if set, receives one line per step (for the driver).
 */
import { appendFileSync } from 'node:fs';

declare const CODEX_ORCH_FAULTS: boolean;

export type Step = 'write' | 'append' | 'rename' | 'link' | 'flush' | 'mkdir' | 'remove' | 'spawn';

let steps = 0;

/** Call right before a step whose loss a crash could cause. */
export function faultPoint(step: Step, target: string): void {
  if (typeof CODEX_ORCH_FAULTS === 'undefined' || !CODEX_ORCH_FAULTS) return;
  steps += 1;
  const countFile = process.env['CODEX_ORCH_COUNT_FILE'];
  if (countFile !== undefined) appendFileSync(countFile, `${steps} ${step} ${target}\n`);
  if (process.env['CODEX_ORCH_DIE_AT'] === String(steps)) process.kill(process.pid, 'SIGKILL');
}
