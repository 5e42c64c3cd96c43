/** Which checks of an instance have yet to be run, and which of those that were say that it is not done. */
import {
  argvOf,
  checkName,
  hasPassed,
  type CheckReceipt,
  type CheckSpec,
} from '../../model/checks.ts';
import type { AttemptRecord, Instance } from '../../model/run.ts';
import { plural } from '../../text/plural.ts';
import { calledOf } from './item-names.ts';
import { instanceOf, taskOf, type RunState } from './run-state.ts';

export interface DueCheck {
  /** Its place among the checks of the task, from 0. */
  index: number;
  spec: CheckSpec;
  /** Before the first attempt. */
  isBaseline: boolean;
}

/** The first check that has no receipt for what the latest attempt left; null: there is none. */
export function dueCheck(state: RunState, instanceId: string): DueCheck | null {
  const instance = instanceOf(state, instanceId);
  const { checks = [] } = taskOf(state, instance);
  const index = checks.findIndex((_, at) => receiptOf(instance.attempts.at(-1), at) === null);
  const spec = checks[index];
  return spec === undefined ? null : { index, spec, isBaseline: false };
}

/** The first check that is to be run before anything has begun to work on the instance; null: there is none. */
export function dueBaseline(state: RunState, instanceId: string): DueCheck | null {
  const instance = instanceOf(state, instanceId);
  const { checks = [] } = taskOf(state, instance);
  const isUntouched = instance.attempts.every(
    ({ session_id: session, return_code: code, finished_at: end }, at) =>
      at === instance.attempts.length - 1
        ? end === null && session === null
        : code === null && session === null,
  );
  if (!isUntouched) return null;
  const index = checks.findIndex(
    ({ baseline }, at) => baseline && baselineOf(instance, at) === null,
  );
  const spec = checks[index];
  return spec === undefined ? null : { index, spec, isBaseline: true };
}

/** Whether an attempt has ended, and it is not settled what becomes of the instance: its checks have yet to say. */
export function awaitsChecks({ status, attempts }: Pick<Instance, 'status' | 'attempts'>): boolean {
  const { finished_at: end = null } = attempts.at(-1) ?? {};
  return status === 'running' && end !== null;
}

/** Which check is next, in a word: `check 2 of 3: npm test`. Empty where none is awaited. */
export function checkInWords(state: RunState, instance: Instance): string {
  const due = awaitsChecks(instance) ? dueCheck(state, instance.instance_id) : null;
  if (due === null) return '';
  const { checks = [] } = taskOf(state, instance);
  return `check ${due.index + 1} of ${checks.length}: ${checkName(argvOf(due.spec))}`;
}

/**
 * What was in the tree of an instance before its latest attempt was checked: whatever the checks have left there is no
 * work. Also where all have passed: it may yet wait for an answer, and go on. null: nothing was run.
 */
export function uncheckedTree({ attempts }: Pick<Instance, 'attempts'>): string | null {
  const receipts = attempts.at(-1)?.checks ?? [];
  return receipts.findLast(({ baseline }) => baseline !== true)?.tree ?? null;
}

/** The same, of checks before the first attempt, which is about to begin. */
export function treeBeforeBaselines({ attempts, workspace }: Instance): string | null {
  const hasBaseline = attempts.at(-1)?.checks?.some(({ baseline }) => baseline === true) ?? false;
  return hasBaseline ? (workspace?.start ?? null) : null;
}

/** What the checks of an instance came to that is done: `2 checks passed, 1 known to fail`. Empty where it has none. */
export function checksInWords(instance: Instance): string {
  const receipts = (instance.attempts.at(-1)?.checks ?? []).filter(
    ({ baseline }) => baseline !== true,
  );
  const known = receipts.filter((receipt) => !hasPassed(receipt)).length;
  const passed = receipts.length - known;
  return [
    ...(passed > 0 ? [`${plural(passed, 'check')} passed`] : []),
    ...(known > 0 ? [`${known} known to fail`] : []),
  ].join(', ');
}

/** What came of a check of an instance, in its latest attempt that was checked. */
export interface CheckOutcome {
  instance_id: string;
  /** The instance as people call it. */
  called: string;
  attempt: number;
  receipt: CheckReceipt;
  /** It has failed as it did before the first attempt, and fails nothing. */
  known: boolean;
}

/** Of all instances, those that have failed first. */
export function checksOfRun(state: RunState): CheckOutcome[] {
  const all = [...state.instances.values()].flatMap((instance) => {
    const latest = instance.attempts.findLast(({ checks = [] }) => checks.length > 0);
    const of = { instance_id: instance.instance_id, attempt: latest?.attempt ?? 0 };
    const called = calledOf(state, instance);
    return (latest?.checks ?? []).map((receipt) => ({
      ...{ ...of, called, receipt },
      known: receipt.baseline !== true && isKnown(instance, receipt),
    }));
  });
  const passed = all.filter(({ receipt }) => hasPassed(receipt));
  return [...all.filter(({ receipt }) => !hasPassed(receipt)), ...passed];
}

/** Whether a check fails as it did before the first attempt: that is known, and no fault of the work. */
function isKnown(instance: Instance, { index, exit }: CheckReceipt): boolean {
  const before = baselineOf(instance, index);
  return before !== null && !hasPassed(before) && !hasPassed({ exit });
}

/** The receipts of the latest attempt that keep the instance from being done. */
export function failedChecks(instance: Instance): CheckReceipt[] {
  const { checks = [] } = instance.attempts.at(-1) ?? {};
  return checks.filter(
    (receipt) => receipt.baseline !== true && !hasPassed(receipt) && !isKnown(instance, receipt),
  );
}

function receiptOf(attempt: AttemptRecord | undefined, index: number): CheckReceipt | null {
  const { checks = [] } = attempt ?? {};
  return checks.find((each) => each.index === index && each.baseline !== true) ?? null;
}

function baselineOf({ attempts }: Instance, index: number): CheckReceipt | null {
  for (const { checks = [] } of attempts) {
    const found = checks.find((each) => each.index === index && each.baseline === true);
    if (found !== undefined) return found;
  }
  return null;
}
