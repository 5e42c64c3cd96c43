/**
 * Runs what the content of others can make long without end: a pattern that backtracks, a schema whose parts refer to
 * each other so that a small value is looked at for years. The time is limited by the virtual machine itself, which
 * also ends a regular expression in the middle; a thread of its own would need its own copy of the program.
 */
import { createContext, Script } from 'node:vm';

/** Enough for a result of the largest size; whoever waits for something else waits no longer than this. */
const LIMIT_MS = 2000;

export type Limited<T> = { ok: true; value: T } | { ok: false; /** A predicate. */ why: string };

let frame: { script: Script; context: { run: (() => void) | null } } | null = null;

/** On a busy machine the limit may pass with little of it spent here: each try has twice the time of the last. */
const MAX_TRIES = 4;

/**
 * What `run` returns, or why it did not come to an end. What it throws otherwise is thrown. Where the machine was busy
 * with something else, `run` is tried again: it must change nothing. Not to be nested.
 */
export function withinLimit<T>(run: () => T, limitMs = LIMIT_MS): Limited<T> {
  for (let tries = 1; ; tries += 1) {
    const before = process.cpuUsage();
    const tried = tryWithinLimit(run, limitMs * 2 ** (tries - 1));
    if (tried !== null) return tried;
    const { user, system } = process.cpuUsage(before);
    const hadItsTime = (user + system) / 1000 > limitMs / 2;
    if (hadItsTime || tries === MAX_TRIES) {
      return { ok: false, why: `takes more than ${limitMs / 1000} s` };
    }
  }
}

/** null if it was still at work by then. */
function tryWithinLimit<T>(run: () => T, limitMs: number): Limited<T> | null {
  frame ??= { script: new Script('run()'), context: createContext({ run: null }) as { run: null } };
  const { script, context } = frame;
  const done: T[] = [];
  context.run = () => {
    done.push(run());
  };
  try {
    script.runInContext(context, { timeout: limitMs });
    return { ok: true, value: done[0] as T };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null;
    if (error instanceof RangeError) return { ok: false, why: 'leads around in a circle' };
    throw error;
  } finally {
    context.run = null;
  }
}
