/** What is in no commit of a run, and where it is: a person has to fetch it from there. */
import type { RunState } from '../../core/state/run-state.ts';
import { calledOf } from '../../core/state/item-names.ts';
import { plainLine } from '../../text/plain-text.ts';
import { leftOutInWords } from '../../model/trees.ts';
import type { Paint } from './paint.ts';

/** Instances that are named; a run with more has them in its document. */
const SHOWN = 5;

/** Empty where nothing was left out. `shownPath`: as a person would type it; `isThere`: of a directory. */
export function leftOutLines(
  state: RunState,
  paint: Paint,
  shownPath: (absolute: string) => string,
  isThere: (absolute: string) => boolean,
): string[] {
  const lines: string[] = [];
  let count = 0;
  for (const instance of state.instances.values()) {
    const { commit = null, directory = null } = instance.workspace ?? {};
    if (commit === null || commit.left_out.length === 0) continue;
    count += 1;
    if (count > SHOWN) continue;
    const what = plainLine(leftOutInWords(commit.left_out));
    lines.push(`  ${paint.bad('!')} ${plainLine(calledOf(state, instance))}: ${what}`);
    if (directory !== null && isThere(directory)) lines.push(`      ${shownPath(directory)}`);
  }
  if (count === 0) return [];
  if (count > SHOWN) lines.push(paint.dim(`    … ${count - SHOWN} more`));
  return ['', paint.bold('Not in the work'), ...lines];
}
