/** What it means that a command ended without success. Pure. */
import type { Failure, FailureEvidence } from '../backend.ts';
import { exitText, failure, linesOf, refusedToRun } from '../failure.ts';

export function commandFailure({ returnCode, stderrTail }: FailureEvidence): Failure {
  const how = `the command ${exitText(returnCode)}`;
  const said = tellingLine(stderrTail);
  // 126 and 127 are the shell's own: cannot be executed, not found (POSIX).
  if (returnCode === 126 || returnCode === 127) {
    return failure('runner_invocation', `${told(how, said)}${refusedToRun(said)}`);
  }
  return failure('task_runtime', told(how, said));
}

function told(how: string, said: string): string {
  return said === '' ? how : `${how}: ${said}`;
}

/**
 * Of a program of any language: the first line that begins like an error (under it stand a stack, hints,
 * more of the same), or else the last that is not what Node adds to every uncaught error.
 */
function tellingLine(stderr: string): string {
  const lines = linesOf(stderr).filter((line) => !/^Node\.js v\d|^\(Use `node /.test(line));
  return lines.find((line) => errorStart.test(line)) ?? lines.at(-1) ?? '';
}

/** `TypeError: x`, `java.io.IOException: x`, `Error [ERR_X]: x`, `error[E0308]: x`, `fatal: x`. */
const errorStart =
  /^(?:[\w.$]*(?:Error|Exception)|error|fatal(?: error)?|panic)(?: ?\[\w+\])?: *\S|^thread '.*' panicked at/i;
