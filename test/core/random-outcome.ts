/** What a random worker leaves behind, in the contract's words and as the facts that the core is given. */
import type { AttemptFacts } from '../../src/core/judge/finish.ts';
import type { ResultFacts } from '../../src/core/judge/result.ts';
import type { Json } from '../../src/model/json.ts';
import type { ControlSpec, TaskSpec } from '../../src/model/program.ts';
import type { FailureKind, TerminationReason } from '../../src/model/run.ts';
import type { Choice, ModelInstance, Outcome } from './reference-model/records.ts';
import type { Random } from './random.ts';

/** Probabilities. */
export interface Temper {
  failing: number;
  invalid: number;
  continuing: number;
  /** Not one: whether results hold what conditions look at. */
  telling?: boolean;
}

export function randomOutcome(
  random: Random,
  task: TaskSpec,
  instance: ModelInstance,
  temper: Temper,
): { outcome: Outcome; facts: AttemptFacts } {
  const session =
    instance.session ?? (random.chance(0.8) ? `s-${instance.number}-${instance.attempts}` : null);
  const process = random.weighted({
    completed: 1 - temper.failing,
    failed: temper.failing,
    stalled: mayStandStill(task, instance) ? temper.failing + 0.02 : 0,
    session_lost: instance.session === null ? 0 : temper.failing / 4,
  });
  const failureKind = process === 'completed' ? null : failureOf(random, process);
  const resumeRecommended = process === 'failed' && random.chance(0.5);
  const control = task.control ? randomControl(random, task.control, temper) : null;
  const result = resultOf(random, temper, control);
  const checks = (task.checks ?? []).map(() => !random.chance(3 * temper.invalid));
  const published = !random.chance(temper.invalid / 2);
  return {
    outcome: {
      process,
      failureKind,
      resumeRecommended,
      session,
      result:
        result.kind === 'invalid' ? 'against_schema' : result.kind === 'none' ? 'none' : 'valid',
      control: control === null || result.kind !== 'value' ? 'refused' : control.choice,
      published,
      checks,
      value: result.kind === 'value' ? result.value : undefined,
    },
    facts: {
      process: {
        termination_reason: reasonOf(random, process),
        return_code: process === 'completed' ? 0 : 1,
        failure_kind: failureKind,
        failure_summary: process === 'completed' ? null : 'it broke',
        resume_recommended: resumeRecommended,
        session_id: session,
        usage: null,
      },
      result,
      artifacts: published
        ? {
            kind: 'published',
            artifacts: [{ relative_path: 'final.md', size: 1, sha256: 'a'.repeat(64) }],
          }
        : { kind: 'missing', message: 'final.md is missing' },
    },
  };
}

/** Again and again, and a person would be asked: the model knows nothing of that. */
function mayStandStill({ on_stall: on }: TaskSpec, instance: ModelInstance): boolean {
  return on === 'resume' && !instance.stoodStill && instance.stalls < 6;
}

function failureOf(random: Random, process: Exclude<Outcome['process'], 'completed'>): FailureKind {
  if (process === 'session_lost') return 'session_lost';
  return random.pick<FailureKind>(['external_auth', 'task_runtime', 'unknown', 'interrupted']);
}

function reasonOf(random: Random, process: Outcome['process']): TerminationReason {
  if (process === 'completed') return 'completed';
  if (process === 'stalled') return 'idle_timeout';
  return random.pick<TerminationReason>(['nonzero_exit', 'wall_timeout', 'terminated', 'orphaned']);
}

function resultOf(
  random: Random,
  temper: Temper,
  control: { choice: Choice | 'refused'; json: Json } | null,
): ResultFacts {
  if (random.chance(temper.invalid))
    return { kind: 'invalid', message: 'result.json: /a is wrong' };
  const sha256 = 'b'.repeat(64);
  if (control) {
    if (random.chance(temper.invalid / 2)) return { kind: 'none' };
    const value =
      control.choice === 'refused' ? control.json : { note: 'why', control: control.json };
    return { kind: 'value', value, sha256 };
  }
  if (random.chance(0.5)) return { kind: 'none' };
  return {
    kind: 'value',
    value: temper.telling ? { v: random.below(3), list: random.pick(lists)() } : [1, 'two', null],
    sha256,
  };
}

/** What regions are made of, and what they cannot be made of. */
const lists: readonly (() => Json)[] = [
  () => [],
  () => [1],
  () => ['x', { k: 'y' }],
  () => [{ k: 'a' }, { k: 'b' }],
  () => [{ k: 'a' }, { k: 'b' }, { k: 'c' }],
  () => [{ k: 'a' }, { k: 'A' }],
  () => 'no list',
];

function randomControl(
  random: Random,
  spec: ControlSpec,
  temper: Temper,
): { choice: Choice | 'refused'; json: Json } {
  if (random.chance(temper.invalid)) {
    return { choice: 'refused', json: random.pick(spec.mode === 'route' ? badRoutes : badLoops) };
  }
  if (spec.mode === 'route') {
    const declared = spec.routes.map((route) => route.label);
    const labels = random.shuffled(random.some(declared, random.pick([0.3, 0.6, 1])));
    return { choice: { kind: 'labels', labels }, json: { kind: 'route', labels } };
  }
  if (!random.chance(temper.continuing)) {
    const json: Json = random.chance(0.2)
      ? { kind: 'loop', action: 'stop', next_inputs: {} }
      : { kind: 'loop', action: 'stop' };
    return { choice: { kind: 'stop' }, json };
  }
  const inputs = { n: random.below(100), [random.pick(['a', 'goal'])]: [{ deep: null }] };
  return {
    choice: { kind: 'continue', inputs },
    json: { kind: 'loop', action: 'continue', next_inputs: inputs },
  };
}

/** Whole results that section 6 refuses. */
const badRoutes: readonly Json[] = [
  null,
  'left',
  [],
  {},
  { control: [] },
  { control: { kind: 'loop', action: 'stop' } },
  { control: { kind: 'route', labels: 1 } },
  { control: { kind: 'route', labels: 'left' } },
  { control: { kind: 'route', labels: ['no such label'] } },
  { control: { kind: 'route', labels: [], extra: 1 } },
];

const badLoops: readonly Json[] = [
  1,
  {},
  { control: 'stop' },
  { control: { kind: 'route', labels: [] } },
  { control: { kind: 'loop' } },
  { control: { kind: 'loop', action: 'go' } },
  { control: { kind: 'loop', action: 'continue' } },
  { control: { kind: 'loop', action: 'continue', next_inputs: {} } },
  { control: { kind: 'loop', action: 'continue', next_inputs: [1] } },
  { control: { kind: 'loop', action: 'stop', next_inputs: { a: 1 } } },
  { control: { kind: 'loop', action: 'stop', note: '' } },
];
