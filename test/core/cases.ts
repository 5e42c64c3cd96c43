/** Random cases by seed, and the smallest program that still fails, for a failure's message. */
import { Lockstep, type LockstepOptions, type Step } from './lockstep.ts';
import { addConditions } from './random-conditions.ts';
import { addRegions } from './random-regions.ts';
import { describeProgram, randomProgram, withoutTask } from './random-program.ts';
import { Random } from './random.ts';
import type { RunEvent } from '../../src/core/events/events.ts';
import type { TaskSpec } from '../../src/model/program.ts';
import { FORMAT_VERSION } from '../../src/model/run.ts';

/** What the cases went through, so that a test can see that they are worth running. */
export interface CaseCounts {
  cases: number;
  instances: number;
  scopes: number;
  events: number;
  crashes: number;
  /** Scopes opened by one loop within an iteration of another. */
  nested: number;
  /** Tasks with more than one instance in one scope. */
  doubled: number;
  /** Runs in which a choice of upstream instances was refused because their histories differ. */
  conflicting: number;
  /** Instances with upstream instances of different scopes. */
  crossing: number;
  /** Runs that came to their end with everything done. */
  done: number;
}

export const noCounts: Readonly<CaseCounts> = {
  cases: 0,
  instances: 0,
  scopes: 0,
  events: 0,
  crashes: 0,
  nested: 0,
  doubled: 0,
  conflicting: 0,
  crossing: 0,
  done: 0,
};

interface Failure {
  message: string;
  tasks: readonly TaskSpec[];
  driverSeed: number;
  lockstep: Lockstep | null;
}

/** Runs the case of this seed, in a format that the seed chooses; throws what a person needs to see it again. */
export function runCase(
  seed: number,
  counts?: CaseCounts,
  formatVersion = 1 + (seed % FORMAT_VERSION),
): RunEvent[] {
  const random = new Random(seed);
  const tasks = randomProgram(random, random.pick([2, 3, 4, 5, 6, 7, 8, 9, 10, 12]));
  if (formatVersion > 1 && random.chance(0.5)) addRegions(random, tasks);
  if (formatVersion > 1 && random.chance(0.6)) addConditions(random, tasks);
  if (formatVersion > 1 && random.chance(0.4)) {
    for (const each of tasks) if (random.chance(0.5)) each.repair = random.between(1, 2);
  }
  if (formatVersion > 1 && random.chance(0.4)) addChecks(random, tasks);
  const options: LockstepOptions = {
    steps: random.pick([10, 30, 60, 100]),
    everyPrefix: random.chance(0.05),
    formatVersion,
  };
  const driverSeed = seed ^ 0x5bd1e995;
  const outcome = attempt(tasks, driverSeed, options);
  if ('message' in outcome) throw new Error(report(seed, outcome, shrink(outcome, options)));
  if (counts) count(outcome.lockstep, counts);
  return outcome.lockstep.log;
}

/** What an author asks of what is left, and that what stands still goes on. */
function addChecks(random: Random, tasks: TaskSpec[]): void {
  for (const each of tasks) {
    if (random.chance(0.3)) each.on_stall = 'resume';
    if (!random.chance(0.5)) continue;
    each.checks = Array.from({ length: random.between(1, 3) }, (_, at) => ({
      ...{ run: `check ${at}`, timeout_sec: 600, baseline: false },
    }));
  }
}

function count({ model, log, crashes }: Lockstep, counts: CaseCounts): void {
  counts.cases += 1;
  counts.instances += model.instances.length;
  counts.scopes += model.scopes.length;
  counts.events += log.length;
  counts.crashes += crashes;
  if (model.conflicts > 0) counts.conflicting += 1;
  if (model.runStatus() === 'done') counts.done += 1;
  for (const { createdBy, parent } of model.scopes) {
    if (parent?.createdBy && parent.createdBy.task !== createdBy?.task) counts.nested += 1;
  }
  const places = new Set(model.instances.map((one) => `${one.task}@${one.scope.number}`));
  counts.doubled += model.instances.length - places.size;
  for (const { upstream } of model.instances) {
    if (new Set([...upstream.values()].map((up) => up.scope)).size > 1) counts.crossing += 1;
  }
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
      return `crash after event ${step.cut}${step.planned ? ', then plan' : ''}`;
    case 'plan':
      return `plan with ${step.slots} slots`;
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
    case 'items':
      return `${step.wanted} items of ${step.regionId}`;
    case 'resume':
    case 'abort':
      return step.op;
  }
}
