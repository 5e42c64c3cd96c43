/** Random cases by seed, and the smallest program that still fails, for a failure's message. */
import { Lockstep, type LockstepOptions, type Step } from './lockstep.ts';
import { describeProgram, randomProgram, withoutTask } from './random-program.ts';
import { Random } from './random.ts';
import type { TaskSpec } from '../../src/core/program.ts';

export interface CaseCounts {
  cases: number;
  instances: number;
  scopes: number;
  events: number;
  crashes: number;
}

interface Failure {
  message: string;
  tasks: readonly TaskSpec[];
  driverSeed: number;
  lockstep: Lockstep | null;
}

/** Runs the case of this seed; throws what a person needs to see it again. */
export function runCase(seed: number, counts?: CaseCounts): string[] {
  const random = new Random(seed);
  const tasks = randomProgram(random, random.pick([1, 2, 3, 4, 5, 6, 6, 7, 8, 10]));
  const options: LockstepOptions = {
    steps: random.pick([8, 15, 30, 50]),
    everyPrefix: random.chance(0.1),
  };
  const driverSeed = seed ^ 0x5bd1e995;
  const outcome = attempt(tasks, driverSeed, options);
  if ('message' in outcome) throw new Error(report(seed, outcome, shrink(outcome, options)));
  if (counts) {
    counts.cases += 1;
    counts.instances += outcome.lockstep.state.instances.size;
    counts.scopes += outcome.lockstep.state.scopes.size;
    counts.events += outcome.lockstep.lines.length;
    counts.crashes += outcome.lockstep.crashes;
  }
  return outcome.lockstep.lines;
}

function attempt(
  tasks: readonly TaskSpec[],
  driverSeed: number,
  options: LockstepOptions,
): Failure | { lockstep: Lockstep } {
  let lockstep: Lockstep | null = null;
  try {
    lockstep = new Lockstep(tasks, new Random(driverSeed), options);
    lockstep.run();
    return { lockstep };
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { message, tasks, driverSeed, lockstep };
  }
}

/** Drops tasks and steps while some sequence of outcomes still fails in the same way. */
function shrink(failure: Failure, options: LockstepOptions): Failure {
  let best = failure;
  for (let smaller = true; smaller;) {
    smaller = false;
    for (const { id } of best.tasks) {
      const rest = withoutTask(best.tasks, id);
      const found = rest && failing(rest, best, options, 60);
      if (found) {
        best = found;
        smaller = true;
        break;
      }
    }
  }
  for (let steps = 1; steps < options.steps; steps += 1) {
    const found = failing(best.tasks, best, { ...options, steps }, 100);
    if (found) return found;
  }
  return best;
}

function failing(
  tasks: readonly TaskSpec[],
  like: Failure,
  options: LockstepOptions,
  tries: number,
): Failure | null {
  for (let i = 0; i < tries; i += 1) {
    const outcome = attempt(tasks, like.driverSeed + i, options);
    if ('message' in outcome && sortOf(outcome) === sortOf(like)) return outcome;
  }
  return null;
}

/** The first words of its message, without ids and numbers. */
function sortOf({ message }: Failure): string {
  const [line = ''] = message.split('\n');
  return line.replace(/[0-9a-f]{8,}|\d+/g, '#').slice(0, 30);
}

function report(seed: number, first: Failure, small: Failure): string {
  const steps = small.lockstep?.steps.map((step) => `  ${describeStep(step)}`) ?? [];
  return [
    `seed ${seed} (CODEX_ORCH_SEED=${seed} CODEX_ORCH_CASES=1): ${first.message.split('\n')[0]}`,
    `made smaller: ${small.message}`,
    'program:',
    describeProgram(small.tasks),
    'steps:',
    ...steps,
  ].join('\n');
}

function describeStep(step: Step): string {
  switch (step.op) {
    case 'crash':
      return `crash after event ${step.cut}${step.advanced ? ', then advance' : ''}`;
    case 'advance':
      return `advance with ${step.slots} slots`;
    case 'finish':
      return `finish ${step.instanceId} ${JSON.stringify(step.outcome)}`;
    case 'interrupt': {
      const { interrupt_id: id, instance_id: of, blocking, audience } = step.interrupt;
      return `${id} of ${of}, ${blocking ? '' : 'not '}blocking, to ${audience}`;
    }
    case 'reply':
      return `${step.reply.reply_kind} to ${step.reply.interrupt_id}`;
    case 'retry':
      return `retry ${step.instanceId}, granting ${step.grant}`;
    case 'resume':
    case 'abort':
      return step.op;
  }
}
