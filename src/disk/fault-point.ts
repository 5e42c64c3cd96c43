/**
 * Where the fault-injection build dies. In the published build `CODEX_ORCH_FAULTS` is false and every
 * call vanishes. In the other (scripts/build.mjs --faults) the process kills itself, as by `kill -9`,
 * before the n-th step of its own, counted from 1, that CODEX_ORCH_DIE_AT names; with CODEX_ORCH_TEAR=1
 * in the middle of it, where it is a write that can be cut in two. It appends a line for each step to the
 * file CODEX_ORCH_STEPS_FILE, if that is set. Its children inherit none of these. For an engine in the
 * background (`run drive`) they begin with CODEX_ORCH_ENGINE_ instead, and whoever starts it hands them on.
 */
import { appendFileSync } from 'node:fs';

declare const CODEX_ORCH_FAULTS: boolean;

export type Step =
  'write' | 'append' | 'rename' | 'link' | 'flush' | 'mkdir' | 'remove' | 'spawn' | 'git';

const injecting = typeof CODEX_ORCH_FAULTS !== 'undefined' && CODEX_ORCH_FAULTS;
const inBackground = process.argv[2] === 'run' && process.argv[3] === 'drive';
const prefix = inBackground ? 'CODEX_ORCH_ENGINE_' : 'CODEX_ORCH_';
let steps = 0;
const dieAt = injecting ? Number(takeVariable('DIE_AT') ?? 0) : 0;
const tears = injecting && takeVariable('TEAR') === '1';
const stepsFile = injecting ? takeVariable('STEPS_FILE') : undefined;

/** Call right before a step whose loss a crash could cause. `tear` does half of it. */
export function faultPoint(step: Step, target: string, tear?: () => void): void {
  if (!injecting) return;
  steps += 1;
  if (stepsFile !== undefined) {
    appendFileSync(stepsFile, `${steps} ${step}${tear ? ' tearable' : ''} ${target}\n`);
  }
  if (dieAt !== steps) return;
  if (tears) tear?.();
  process.kill(process.pid, 'SIGKILL');
}

function takeVariable(name: string): string | undefined {
  const value = process.env[prefix + name];
  Reflect.deleteProperty(process.env, prefix + name);
  return value;
}
