/** The checks of a run, at its end and as it is looked at: what each came to, and what was printed by those that failed. */
import { checksOfRun, type CheckOutcome } from '../../core/state/checks.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { checkName, hasPassed, type CheckReceipt } from '../../model/checks.ts';
import { plural } from '../../text/plural.ts';
import { fit, textWidth } from '../../text/width.ts';
import type { Paint } from './paint.ts';
import { plainLine, plainText } from '../../text/plain-text.ts';

export interface CheckInput {
  state: RunState;
  paint: Paint;
  columns: number;
  /** Where what the check printed is kept, as a person would type it. */
  logOf(instanceId: string, attempt: number, receipt: CheckReceipt): string;
}

/** Those that failed come first; of more than that, the rest is counted. */
const SHOWN = 12;
const SAID_LINES = 6;

/** Of the latest attempt of each instance. Empty where nothing was checked. */
export function checkLines(input: CheckInput): string[] {
  const { state, paint } = input;
  const inOrder = checksOfRun(state);
  if (inOrder.length === 0) return [];
  const rest = inOrder.slice(SHOWN);
  const lines = inOrder.slice(0, SHOWN).flatMap((each) => linesOf(each, input));
  if (rest.length > 0) {
    const passed = rest.filter(({ receipt }) => hasPassed(receipt)).length;
    const also = [
      ...(passed < rest.length ? [`${rest.length - passed} failed`] : []),
      ...(passed > 0 ? [`${passed} passed`] : []),
    ];
    lines.push(paint.dim(`  … ${plural(rest.length, 'more check')}: ${also.join(', ')}`));
  }
  return ['', paint.bold('Checks'), ...lines];
}

function linesOf(
  { instance_id: instanceId, called, attempt, receipt, known }: CheckOutcome,
  input: CheckInput,
): string[] {
  const { paint, columns } = input;
  const isGood = hasPassed(receipt);
  const mark = isGood ? paint.good('✔') : paint.bad('✖');
  const { exit } = receipt;
  const how = isGood ? 'passed' : exit === null ? 'did not end' : `exit ${exit}`;
  const when =
    receipt.baseline === true ? ', before the first attempt' : known ? ', as before' : '';
  const tail = `  ${how}${when}  ${plainLine(called)}`;
  const room = Math.max(20, columns - 4 - textWidth(tail));
  const name = fit(plainLine(checkName(receipt.argv)), room);
  const head = `  ${mark} ${name}${paint.dim(fit(tail, columns - 4 - textWidth(name)))}`;
  if (isGood) return [head];
  const said = plainText(receipt.said ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-SAID_LINES);
  return [
    head,
    ...said.map((line) => `      ${fit(line, columns - 6)}`),
    `      ${paint.dim(fit(input.logOf(instanceId, attempt, receipt), columns - 6))}`,
  ];
}
