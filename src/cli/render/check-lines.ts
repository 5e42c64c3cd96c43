/** The checks of a run, as `run show` tells of them: what each came to, and what was printed by those that failed. */
import { calledOf } from '../../core/state/item-names.ts';
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

interface Held {
  instanceId: string;
  called: string;
  attempt: number;
  receipt: CheckReceipt;
}

/** Of the latest attempt of each instance. Empty where nothing was checked. */
export function checkLines(input: CheckInput): string[] {
  const { state, paint } = input;
  const all = [...state.instances.values()].flatMap((instance) => {
    const latest = instance.attempts.findLast(({ checks = [] }) => checks.length > 0);
    const { instance_id: instanceId } = instance;
    const called = calledOf(state, instance);
    return (latest?.checks ?? []).map((receipt): Held => ({
      instanceId,
      called,
      attempt: latest?.attempt ?? 0,
      receipt,
    }));
  });
  if (all.length === 0) return [];
  const failed = all.filter(({ receipt }) => !hasPassed(receipt));
  const inOrder = [...failed, ...all.filter(({ receipt }) => hasPassed(receipt))];
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

function linesOf({ instanceId, called, attempt, receipt }: Held, input: CheckInput): string[] {
  const { paint, columns } = input;
  const isGood = hasPassed(receipt);
  const mark = isGood ? paint.good('✔') : paint.bad('✖');
  const { exit } = receipt;
  const how = isGood ? 'passed' : exit === null ? 'did not end' : `exit ${exit}`;
  const when = receipt.baseline === true ? ', before the first attempt' : '';
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
