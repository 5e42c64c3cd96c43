/**
 * Drives one run by random outcomes through the core and through the reference model at once, compares
 * them after each step, and now and then kills the engine: the log is cut at a random event, read again
 * as JSON, and the interrupted step is done over.
 */
import { decide, type Request } from '../../src/core/requests/decide.ts';
import type { Decision } from '../../src/core/requests/decision.ts';
import { answerQuestion } from '../../src/core/requests/reply.ts';
import type { Facts } from '../../src/core/plan/facts.ts';
import { plan } from '../../src/core/plan/plan.ts';
import { resultOf } from '../../src/core/state/results.ts';
import { createRun } from '../../src/core/plan/create-run.ts';
import type { RunEvent } from '../../src/core/events/events.ts';
import { evolve, replay } from '../../src/core/events/evolve.ts';
import { recordCheck } from '../../src/core/judge/checks.ts';
import { awaitsChecks, dueCheck } from '../../src/core/state/checks.ts';
import { argvOf } from '../../src/model/checks.ts';
import { finishAttempt, type AttemptFacts } from '../../src/core/judge/finish.ts';
import type { TaskSpec } from '../../src/model/program.ts';
import type { Reply, InstanceInterrupt } from '../../src/model/run.ts';
import type { RunState } from '../../src/core/state/run-state.ts';
import { interrupt, reply, RUN_ID, runPlan } from '../support/make.ts';
import type { Random } from './random.ts';
import { randomOutcome, type Temper } from './random-outcome.ts';
import { checkLog } from './log-rules.ts';
import { ReferenceModel } from './reference-model/model.ts';
import type { ModelInstance, Outcome } from './reference-model/records.ts';
import { expectSame, expectSameRecords, freeze } from './same-records.ts';
import { Twins } from './twins.ts';

export type Step =
  | { op: 'plan'; slots: number }
  | { op: 'finish'; instanceId: string; facts: AttemptFacts; outcome: Outcome }
  | { op: 'interrupt'; interrupt: InstanceInterrupt }
  | { op: 'reply'; reply: Reply }
  | { op: 'resume' }
  | { op: 'retry'; instanceId: string; grant: number }
  | { op: 'abort' }
  /** How many items of the region there shall be. */
  | { op: 'items'; interruptId: string; regionId: string; wanted: number }
  /** Of the step before; only told, for a failure's message. */
  | { op: 'crash'; cut: number; planned: boolean };

export interface LockstepOptions {
  steps: number;
  /** Compare the replayed log with the live state after every event, not only at random places. */
  everyPrefix: boolean;
  /** The version of the run's format. */
  formatVersion: number;
}

/** More instances than this, and a case ends: it shows nothing new. */
const MAX_INSTANCES = 150;
const MAX_SCOPES = 10;

export class Lockstep {
  readonly steps: Step[] = [];
  readonly model: ReferenceModel;
  /** The log as it would be read from disk; frozen, so that nothing can change what was decided. */
  readonly log: RunEvent[] = [];
  state: RunState;
  crashes = 0;
  readonly #random: Random;
  readonly #options: LockstepOptions;
  readonly #temper: Temper;
  readonly #slots: number;
  readonly #eager: boolean;
  readonly #isConditional: boolean;
  readonly #hasRegions: boolean;
  #shadow: RunState | null = null;
  readonly #twins: Twins;
  #clock = Date.parse('2026-01-01T00:00:00.000Z');
  #interruptNumber = 0;

  constructor(tasks: readonly TaskSpec[], random: Random, options: LockstepOptions) {
    this.#hasRegions = tasks.some(({ for_each: forEach }) => forEach !== undefined);
    const inputs = {
      goal: 'g',
      n: 0,
      ...(this.#hasRegions ? { list: [{ k: 'a' }, { k: 'b' }, 3] } : {}),
    };
    this.#isConditional = tasks.some(
      ({ when, control, for_each: forEach }) => (when ?? control?.decide ?? forEach) !== undefined,
    );
    this.#random = random;
    this.#options = options;
    this.#temper = random.pick<Temper>([
      { failing: 0, invalid: 0, continuing: 0.5 },
      { failing: 0, invalid: 0, continuing: 0.7 },
      { failing: 0.02, invalid: 0.01, continuing: 0.6 },
      { failing: 0.08, invalid: 0.03, continuing: 0.65 },
      { failing: 0.3, invalid: 0.1, continuing: 0.5 },
    ]);
    this.#slots = random.pick([1, 2, 3, 50, 50]);
    this.#eager = random.chance(0.6);
    const plan = runPlan(tasks, {
      user_inputs: inputs,
      format_version: options.formatVersion,
      ...(this.#hasRegions && random.chance(0.2) ? { yes_items: 2 } : {}),
    });
    this.model = new ReferenceModel(plan);
    this.#twins = new Twins(this.model);
    const created = createRun(plan, RUN_ID, this.#now());
    this.state = created.state;
    this.#commit(created.events);
  }

  /** Throws an `Error` that says what differs. */
  run(): void {
    this.#do({ op: 'plan', slots: this.#nextSlots() });
    for (let i = 0; i < this.#options.steps; i += 1) {
      const step = this.#nextStep();
      if (step === null) break;
      this.#do(step);
      if (step.op !== 'plan' && (this.#eager || this.#random.chance(0.6))) {
        this.#do({ op: 'plan', slots: this.#nextSlots() });
      }
      if (this.state.instances.size > MAX_INSTANCES) break;
    }
    this.#do({ op: 'plan', slots: this.#slots });
    checkLog(this.log, this.state);
    this.#compareReplay();
  }

  // ---- steps --------------------------------------------------------------------------------------

  #nextStep(): Step | null {
    const random = this.#random;
    // Those that the core has not been asked to make yet are left out.
    const instances = this.model.instances.filter((one) => this.#twins.has(one));
    const running = instances.filter((one) => one.status === 'running');
    const open = this.model.interrupts.filter((one) => one.status === 'open');
    const asked = this.model.questions.filter(
      ({ head, answer, closed }) => answer === null && !closed && this.#twins.has(head),
    );
    const bad = instances.filter((one) => one.status === 'failed' || one.status === 'skipped');
    const stuck = running.length === 0;
    const unfinished = instances.some((one) => one.status !== 'done');
    if (instances.length === 0 || (!unfinished && random.chance(0.7))) return null;
    const op = random.weighted({
      finish: running.length > 0 ? 10 : 0,
      interrupt: 1.2,
      reply: open.length > 0 ? (stuck ? 10 : 2.5) : 0.1,
      resume: bad.length > 0 ? 0.8 : 0.1,
      retry: bad.length > 0 ? 2 : 0.1,
      abort: 0.12,
      items: asked.length > 0 ? (stuck ? 8 : 1.5) : 0,
      plan: 0.5,
    });
    switch (op) {
      case 'finish': {
        const instance = random.pick(running);
        const task = this.model.task(instance.task);
        const full = this.model.scopes.length >= MAX_SCOPES;
        const drawn = randomOutcome(random, task, instance, {
          ...this.#temper,
          continuing: full ? 0 : this.#temper.continuing,
          telling: this.#isConditional,
        });
        return { op, instanceId: this.#twins.coreId(instance), ...drawn };
      }
      case 'interrupt': {
        // Of a running instance as a rule; a question can also be asked, or taken in, at another time.
        const asker =
          running.length > 0 && random.chance(0.85) ? random.pick(running) : random.pick(instances);
        return { op, interrupt: this.#newInterrupt(asker) };
      }
      case 'reply': {
        const any = this.model.interrupts;
        if (any.length === 0) return { op: 'plan', slots: this.#nextSlots() };
        const asked = open.length > 0 && random.chance(0.95) ? random.pick(open) : random.pick(any);
        const handoff = asked.audience === 'assistant' && random.chance(0.25);
        return { op, reply: this.#newReply(asked.id, asked.audience, handoff) };
      }
      case 'retry': {
        const instance =
          bad.length > 0 && random.chance(0.95) ? random.pick(bad) : random.pick(instances);
        const looping = instance.failureKind === 'loop_limit';
        const grant = looping ? random.between(0, 2) : random.chance(0.1) ? 1 : 0;
        return { op, instanceId: this.#twins.coreId(instance), grant };
      }
      case 'items': {
        const question = random.pick(asked);
        const interruptId = this.#twins.questionOf(this.state, question)?.interrupt.interrupt_id;
        const regionId = this.#twins.coreId(question.head);
        return { op, interruptId: interruptId ?? '', regionId, wanted: random.below(4) };
      }
      case 'plan':
        return { op, slots: this.#nextSlots() };
      case 'resume':
      case 'abort':
        return { op };
    }
  }

  #do(step: Step): void {
    this.steps.push(step);
    const from = this.log.length;
    const before = step.op === 'plan' ? this.#runningCount() : 0;
    const { events, ok } = this.#perform(step);
    this.#tellModel(step, ok, events);
    this.#commit(events);
    if (step.op === 'plan') this.#checkStarts(step.slots, before, events);
    if (this.#random.chance(0.08)) this.#crash(step, from);
    if (step.op === 'plan') {
      this.#startInModel();
      this.#twins.compare(this.state);
    }
  }

  #perform(step: Step): { events: RunEvent[]; ok: boolean } {
    const now = this.#now();
    switch (step.op) {
      case 'plan': {
        const { events, starts } = plan(this.state, {
          slots: step.slots,
          now,
          facts: this.#facts(),
        });
        const started = events.filter((event) => event.event_type === 'attempt_started');
        const same = started.map(({ instance_id: instanceId, payload }) => ({
          instanceId,
          attempt: payload.attempt,
          sessionId: payload.session_id,
        }));
        expectSame('the starts and the events of starts', starts, same);
        return { events, ok: true };
      }
      case 'finish':
        return { events: this.#finish(step, now), ok: true };
      case 'interrupt':
        return this.#decide({ command: 'ask', interrupt: step.interrupt }, now);
      case 'reply':
        // Earlier engines took an answer to a run that was aborted: such logs are read, and decided on.
        return this.#options.formatVersion === 1
          ? eventsOf(answerQuestion(this.state, step.reply, now))
          : this.#decide({ command: 'reply', reply: step.reply }, now);
      case 'resume':
        return this.#decide({ command: 'resume' }, now);
      case 'retry': {
        const { instanceId, grant } = step;
        return this.#decide(
          { command: 'retry_instance', instance_id: instanceId, granted_iterations: grant },
          now,
        );
      }
      case 'abort':
        return this.#decide({ command: 'abort' }, now);
      case 'items': {
        const { interruptId, wanted } = step;
        const text = wanted === 0 ? 'none' : wanted === 3 ? 'all' : `first ${wanted}`;
        const given = reply({ interrupt_id: interruptId, text, created_at: now });
        return this.#decide({ command: 'reply', reply: given }, now);
      }
      case 'crash':
        return { events: [], ok: true };
    }
  }

  /** As an engine does: what an attempt left is checked, and then its end is judged once more. */
  #finish(
    { instanceId, facts, outcome }: Extract<Step, { op: 'finish' }>,
    now: string,
  ): RunEvent[] {
    const { state } = this;
    const events = finishAttempt(state, instanceId, facts, now);
    const instance = state.instances.get(instanceId);
    if (instance === undefined || !awaitsChecks(instance)) return events;
    for (let due = dueCheck(state, instanceId); due; due = dueCheck(state, instanceId)) {
      const { index, spec } = due;
      const exit = outcome.checks[index] === true ? 0 : 1;
      const receipt = { index, argv: argvOf(spec), exit, output_sha256: '', tree: null };
      events.push(...recordCheck(state, instanceId, receipt, now));
    }
    return [...events, ...finishAttempt(state, instanceId, facts, now)];
  }

  #decide(request: Request, now: string): { events: RunEvent[]; ok: boolean } {
    return eventsOf(decide(this.state, request, now));
  }

  #tellModel(step: Step, ok: boolean, events: readonly RunEvent[]): void {
    switch (step.op) {
      case 'plan':
        return this.model.settle();
      case 'finish':
        return this.model.finish(this.#twins.modelOf(step.instanceId), step.outcome);
      case 'interrupt': {
        const { interrupt_id: id, blocking, audience, decision_kind, instance_id } = step.interrupt;
        const instance = this.#twins.modelOf(instance_id);
        const asked = { id, blocking, audience, instance, decisionKind: decision_kind };
        const accepted = this.model.request(asked);
        return expectSame('whether the question is taken (core, model)', ok, accepted);
      }
      case 'reply': {
        const opened = events.find((event) => event.event_type === 'interrupt_requested');
        const handoff = opened?.payload.interrupt.interrupt_id ?? null;
        if (ok && step.reply.reply_kind === 'handoff_to_human' && handoff === null) {
          throw new Error('a hand-off opened no question to a human');
        }
        const accepted = this.model.reply(step.reply.interrupt_id, handoff);
        return expectSame('whether the reply is taken (core, model)', ok, accepted);
      }
      case 'resume':
        return this.model.resume();
      case 'retry': {
        const accepted = this.model.retry(this.#twins.modelOf(step.instanceId), step.grant);
        return expectSame('whether the retry is taken (core, model)', ok, accepted);
      }
      case 'abort':
        return this.model.abort();
      case 'items': {
        const { regionId, wanted } = step;
        const head = this.#twins.modelOf(regionId);
        expectSame('whether the answer about items is taken', ok, true);
        return this.model.answer(head, wanted === 3 ? Infinity : wanted);
      }
      case 'crash':
        return;
    }
  }

  /** The engine dies with only a part of the step on disk; the next one settles it. */
  #crash(step: Step, from: number): void {
    if (this.crashes < 2) this.#compareReplay();
    this.crashes += 1;
    const cut = this.#random.between(Math.max(from, 2), this.log.length);
    const whole = cut === this.log.length;
    this.log.length = cut;
    this.state = this.#replayed();
    this.#shadow = this.#options.everyPrefix ? this.#replayed() : null;
    // What comes only after the plan may be another story than the model was told.
    const isOther =
      (this.#isConditional && step.op === 'abort') ||
      (this.#hasRegions && (step.op === 'retry' || step.op === 'resume')) ||
      // A plan that ends the run closes what is still open, since format 2: an engine takes answers in before it plans.
      (step.op === 'reply' && this.#options.formatVersion > 1 && !this.#hasOpenWork());
    const planned = step.op !== 'interrupt' && this.#random.chance(0.5) && !isOther;
    this.steps.push({ op: 'crash', cut, planned });
    if (planned) this.#planWithoutStart();
    if (!whole) this.#commit(this.#perform(step).events);
    if (!planned) return;
    this.#planWithoutStart();
    this.model.settle();
  }

  /** Results as the log has them; tests of random programs have `const` alone. */
  #facts(): Facts {
    return {
      result: (id) => {
        const latest = this.log.findLast(
          (event) => event.event_type === 'result_materialized' && event.instance_id === id,
        );
        if (latest?.event_type !== 'result_materialized') return null;
        return resultOf(this.state, id) === null ? null : { value: latest.payload.result };
      },
      fits: (schema, value) => ({
        ok: true,
        fits: typeof schema === 'boolean' ? schema : schema['const'] === value,
      }),
    };
  }

  #planWithoutStart(): void {
    const facts = this.#facts();
    this.#commit(plan(this.state, { slots: 0, now: this.#now(), facts }).events);
  }

  // ---- starts -------------------------------------------------------------------------------------

  #checkStarts(slots: number, before: number, events: readonly RunEvent[]): void {
    const ordinal = new Map([...this.state.instances.keys()].map((id, index) => [id, index]));
    const started = events
      .filter((event) => event.event_type === 'attempt_started')
      .map((event) => ordinal.get(event.instance_id ?? '') ?? -1);
    if (started.length > Math.max(0, slots - before)) {
      throw new Error(`${started.length} started beside ${before} with ${slots} slots`);
    }
    expectSame(
      'order of starts',
      started,
      [...started].sort((a, b) => a - b),
    );
    const left = [...this.state.instances.values()].filter((one) => one.status === 'runnable');
    if (left.length === 0) return;
    if (this.#runningCount() < slots) throw new Error('a slot is free, and nothing started');
    const first = Math.min(...left.map((one) => ordinal.get(one.instance_id) ?? -1));
    if (started.some((each) => each > first)) throw new Error('a later instance started first');
  }

  #startInModel(): void {
    this.model.settle();
    this.#twins.match(this.state);
    for (const [id, { status }] of this.state.instances) {
      const twin = this.#twins.modelOf(id);
      if (status === 'running' && twin.status !== 'running') this.model.start(twin);
    }
  }

  // ---- the log ------------------------------------------------------------------------------------

  #commit(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.event_type === 'run_completed') this.model.complete();
      freeze(event.payload);
      const read = JSON.parse(JSON.stringify(event)) as RunEvent;
      freeze(read.payload);
      this.log.push(read);
    }
    if (!this.#options.everyPrefix) return;
    const done = this.#shadow?.seq ?? 0;
    for (const event of this.log.slice(done)) this.#shadow = evolve(this.#shadow, event);
    if (this.#shadow) expectSameRecords(this.#shadow, this.state);
  }

  #replayed(): RunState {
    const state = replay(this.log);
    if (!state) throw new Error('an empty log');
    return state;
  }

  #compareReplay(): void {
    expectSameRecords(this.#replayed(), this.state);
  }

  // ---- small things -------------------------------------------------------------------------------

  #nextSlots(): number {
    return this.#random.chance(0.1) ? this.#random.below(4) : this.#slots;
  }

  /** Whether no plan can be the last. */
  #hasOpenWork(): boolean {
    const { instances } = this.state;
    return [...instances.values()].some(
      ({ status }) => status === 'running' || status === 'waiting',
    );
  }

  #runningCount(): number {
    return [...this.state.instances.values()].filter((one) => one.status === 'running').length;
  }

  #newInterrupt(asker: ModelInstance): InstanceInterrupt {
    const random = this.#random;
    this.#interruptNumber += 1;
    const audience = random.pick(['human', 'assistant'] as const);
    const role = audience === 'assistant' ? 'helper' : null;
    return interrupt({
      interrupt_id: `int-${String(this.#interruptNumber).padStart(12, '0')}`,
      instance_id: this.#twins.coreId(asker),
      task_id: asker.task,
      audience,
      blocking: random.chance(0.7),
      decision_kind: random.pick(['review', 'scope', null] as const),
      requested_target_role_id: role,
      resolved_target_role_id: role,
      created_at: this.#now(),
    });
  }

  #newReply(interruptId: string, audience: 'human' | 'assistant', handoff: boolean): Reply {
    return reply({
      interrupt_id: interruptId,
      audience,
      reply_kind: handoff ? 'handoff_to_human' : 'answer',
      created_at: this.#now(),
    });
  }

  #now(): string {
    this.#clock += 1000;
    return new Date(this.#clock).toISOString();
  }
}

function eventsOf(decision: Decision): { events: RunEvent[]; ok: boolean } {
  return decision.ok ? decision : { ok: false, events: [] };
}
