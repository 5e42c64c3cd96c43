/**
 * Where the fault-injection build dies. In the published build `CODEX_ORCH_FAULTS` is false and every
 * call vanishes. In the other (scripts/build.mjs --faults) the process kills itself, as by `kill -9`,
 * before the n-th step of its own, counted from 1, that CODEX_ORCH_DIE_AT names. It appends a line for
 * each step to the file CODEX_ORCH_STEPS_FILE, if that is set. Its children inherit neither.
 */
import { appendFileSync } from 'node:fs';

declare const CODEX_ORCH_FAULTS: boolean;

export type Step = 'write' | 'append' | 'rename' | 'link' | 'flush' | 'mkdir' | 'remove' | 'spawn';

const injecting = typeof CODEX_ORCH_FAULTS !== 'undefined' && CODEX_ORCH_FAULTS;
let steps = 0;
const dieAt = injecting ? Number(takeVariable('CODEX_ORCH_DIE_AT') ?? 0) : 0;
const stepsFile = injecting ? takeVariable('CODEX_ORCH_STEPS_FILE') : undefined;

/** Call right before a step whose loss a crash could cause. */
export function faultPoint(step: Step, target: string): void {
  if (!injecting) return;
  steps += 1;
  if (stepsFile !== undefined) appendFileSync(stepsFile, `${steps} ${step} ${target}\n`);
  if (dieAt === steps) process.kill(process.pid, 'SIGKILL');
}

function takeVariable(name: string): string | undefined {
  const value = process.env[name];
  Reflect.deleteProperty(process.env, name);
  return value;
}
