/** Conditions and deciding controllers: tests on values, judged without a process. Section 17 of the contract. */
import type { Json, JsonObject } from '../../model/json.ts';
import { testsOf, type Condition, type ConditionTest, type TaskSpec } from '../../model/program.ts';
import type { Instance } from '../../model/run.ts';
import { shown } from '../../text/shown.ts';
import { emitControl } from '../judge/control-events.ts';
import type { Control } from '../judge/control.ts';
import { loopLimitReached } from '../judge/result.ts';
import type { Recorder } from '../state/recorder.ts';
import type { RunState } from '../state/run-state.ts';
import { failUnstarted } from './fail-unstarted.ts';
import { referredValue, type Facts } from './facts.ts';

/** Where an instance stands whose references are judged. */
export interface Stand {
  state: RunState;
  facts: Facts;
  instance: Instance;
}

type Outcome =
  /** `because`: what a test saw that decided it, as a clause. */
  | { kind: 'holds' | 'fails'; because: string }
  /** `why`: of the first test that cannot be judged. */
  | { kind: 'unknown'; why: string };

/** Judges a condition. `seen` takes each value that a test saw, by reference. */
function judge(stand: Stand, condition: Condition, seen: JsonObject = {}): Outcome {
  const outcomes = testsOf(condition).map((test) => judgeTest(stand, test, seen));
  const isAny = !Array.isArray(condition) && 'any' in condition;
  const deciding = isAny ? 'holds' : 'fails';
  // One test that decides is enough, whatever the others lack.
  return (
    outcomes.find(({ kind }) => kind === deciding) ??
    outcomes.find(({ kind }) => kind === 'unknown') ??
    (isAny ? joined(outcomes) : { kind: 'holds', because: '' })
  );
}

function joined(outcomes: readonly Outcome[]): Outcome {
  const because = outcomes.flatMap((each) => ('because' in each ? [each.because] : []));
  return { kind: 'fails', because: because.join(', and ') };
}

function judgeTest(
  { state, facts, instance }: Stand,
  test: ConditionTest,
  seen: JsonObject,
): Outcome {
  const found = referredValue(state, facts, instance, test.ref);
  if (!found.ok) {
    if (test.missing === undefined) {
      return { kind: 'unknown', why: `${test.ref} is missing: ${found.reason}` };
    }
    return { kind: test.missing ? 'holds' : 'fails', because: `${test.ref} was missing` };
  }
  seen[test.ref] = found.value;
  const fit = facts.fits(test.matches, found.value);
  if (!fit.ok) return { kind: 'unknown', why: `${test.ref} cannot be judged: ${fit.why}` };
  return { kind: fit.fits ? 'holds' : 'fails', because: `${test.ref} was ${shown(found.value)}` };
}

/** Judges the task's `when`, if it has one. False where that ended the instance. */
export function passesCondition(
  recorder: Recorder,
  facts: Facts,
  instance: Instance,
  task: TaskSpec,
): boolean {
  if (task.when === undefined) return true;
  const outcome = judge({ state: recorder.state, facts, instance }, task.when);
  switch (outcome.kind) {
    case 'holds':
      return true;
    case 'fails':
      recorder.emit('instance_skipped', instance.instance_id, {
        reason: outcome.because,
        caused_by_instance_id: null,
        skip_reason: 'condition',
      });
      return false;
    case 'unknown':
      failUnstarted(recorder, instance, `when: ${outcome.why}`);
      return false;
  }
}

/** Lets a controller that decides by rules decide. */
export function decideByRules(
  recorder: Recorder,
  facts: Facts,
  instance: Instance,
  task: TaskSpec,
): void {
  const { state } = recorder;
  const stand = { state, facts, instance };
  const { control } = task;
  const rules = control?.decide ?? [];
  const values: JsonObject = {};
  for (const [index, rule] of rules.entries()) {
    const at = `control.decide[${index}]`;
    const outcome = rule.when === undefined ? null : judge(stand, rule.when, values);
    if (outcome?.kind === 'unknown')
      return failUnstarted(recorder, instance, `${at}: ${outcome.why}`);
    if (outcome?.kind === 'fails') continue;
    const chosen =
      'labels' in rule
        ? ({ ok: true, control: { kind: 'route', labels: rule.labels } } as const)
        : loopChoice(stand, rule, values);
    if (!chosen.ok) return failUnstarted(recorder, instance, `${at}: ${chosen.why}`);
    const overLimit = loopLimitReached(state, instance, task, chosen.control);
    if (overLimit !== null) return failUnstarted(recorder, instance, overLimit, 'loop_limit');
    emitControl(recorder, instance, task, chosen.control, { rule: index, values });
    recorder.emit('instance_done', instance.instance_id, {});
    return;
  }
  const saw = Object.entries(values).map(([ref, value]) => `${ref} was ${shown(value)}`);
  failUnstarted(
    recorder,
    instance,
    `control.decide: no rule holds${saw.length === 0 ? '' : `: ${saw.join(', ')}`}`,
  );
}

type LoopRule = Extract<
  NonNullable<NonNullable<TaskSpec['control']>['decide']>[number],
  { action: string }
>;

function loopChoice(
  { state, facts, instance }: Stand,
  rule: LoopRule,
  values: JsonObject,
): { ok: true; control: Control } | { ok: false; why: string } {
  if (rule.action === 'stop') return { ok: true, control: { kind: 'loop', action: 'stop' } };
  const next: [string, Json][] = [];
  for (const [key, source] of Object.entries(rule.next_inputs ?? {})) {
    if ('value' in source) {
      next.push([key, source.value]);
      continue;
    }
    const found = referredValue(state, facts, instance, source.ref);
    if (!found.ok)
      return { ok: false, why: `next_inputs.${key}: ${source.ref} is missing: ${found.reason}` };
    values[source.ref] = found.value;
    next.push([key, found.value]);
  }
  return {
    ok: true,
    control: { kind: 'loop', action: 'continue', next_inputs: Object.fromEntries(next) },
  };
}
