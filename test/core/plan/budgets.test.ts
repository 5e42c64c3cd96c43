/**
 * Budgets, section 18 of the contract, over random runs: attempts end well or badly and use tokens, a person grants, stops or
 * has it tried again, the engine dies between two events. A reference that only counts says what may begin.
 */
import { expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events/events.ts';
import { evolve, replay } from '../../../src/core/events/evolve.ts';
import { finishAttempt } from '../../../src/core/judge/finish.ts';
import { createRun } from '../../../src/core/plan/create-run.ts';
import { plan } from '../../../src/core/plan/plan.ts';
import { decide, type Request } from '../../../src/core/requests/decide.ts';
import type { RunState } from '../../../src/core/state/run-state.ts';
import type { Budget } from '../../../src/model/budget.ts';
import type { Instance, Interrupt } from '../../../src/model/run.ts';
import { cases } from '../../support/cases.ts';
import { NOW, project, reply, RUN_ID, runPlan, task } from '../../support/make.ts';
import { checkLog } from '../log-rules.ts';
import { Random } from '../random.ts';
import { catalogue } from '../../../src/core/events/catalogue.ts';

const SLOTS = 2;

/** What may begin, by counting what did and what was allowed. */
class Reference {
  readonly granted: Required<Pick<Budget, 'attempts' | 'tokens'>> = { attempts: 0, tokens: 0 };
  attempts = 0;
  tokens = 0;

  isSpent({ attempts = Infinity, tokens = Infinity }: Budget): boolean {
    return (
      this.attempts >= attempts + this.granted.attempts ||
      this.tokens >= tokens + this.granted.tokens
    );
  }
}

class Budgeted {
  state: RunState;
  readonly log: RunEvent[] = [];
  readonly #random: Random;
  readonly #run: Budget;
  readonly #own: Budget;
  #ms = Date.parse(NOW);

  constructor(random: Random) {
    this.#random = random;
    this.#run = random.pick<Budget>([
      { attempts: 3 },
      { tokens: 25 },
      { attempts: 5, tokens: 30 },
      {},
    ]);
    this.#own = random.pick<Budget>([{ attempts: 1 }, { tokens: 12 }, { attempts: 2, tokens: 15 }]);
    const retry = { max_attempts: 3, on: null, delay_sec: 1, factor: 1, max_delay_sec: 1 };
    const tasks = ['a', 'b', 'c', 'd'].map((id) =>
      task({ id, retry, budget: this.#own, depends_on: id === 'd' ? ['a'] : [] }),
    );
    const frozen = runPlan(tasks, { project: project({ budget: this.#run }) });
    const { state, events } = createRun(frozen, RUN_ID, this.now());
    this.state = state;
    this.log.push(...events);
  }

  now(): string {
    return new Date((this.#ms += 600)).toISOString();
  }

  instances(status: Instance['status']): Instance[] {
    return [...this.state.instances.values()].filter((each) => each.status === status);
  }

  open(): Interrupt[] {
    return [...this.state.interrupts.values()].flatMap(({ interrupt }) =>
      interrupt.status === 'open' ? [interrupt] : [],
    );
  }

  /** Of the run, or of an instance, by the log alone. */
  reference(instanceId: string | null): Reference {
    const counted = new Reference();
    for (const { event_type: type, instance_id: id, payload } of this.log) {
      const isMine = instanceId === null || id === instanceId;
      if (type === 'attempt_started' && isMine) counted.attempts += 1;
      if (type === 'attempt_finished' && isMine && payload.usage) {
        counted.tokens += payload.usage.input_tokens + payload.usage.output_tokens;
      }
      if (type !== 'granted' || id !== instanceId) continue;
      counted.granted.attempts += payload.attempts ?? 0;
      counted.granted.tokens += payload.tokens ?? 0;
    }
    return counted;
  }

  /** The engine may die with only a part of it on disk: whoever comes next does it over. */
  #do(act: () => RunEvent[]): void {
    const events = act();
    const kept = this.#random.chance(0.15) ? this.#random.below(events.length + 1) : events.length;
    for (const event of events.slice(0, kept)) {
      this.log.push(JSON.parse(JSON.stringify(event)) as RunEvent);
    }
    if (kept === events.length) return;
    this.state = replay(this.log) as RunState;
    this.#do(act);
  }

  #decide(request: Request): void {
    this.#do(() => {
      const decision = decide(this.state, request, this.now());
      return decision.ok ? decision.events : [];
    });
  }

  step(): void {
    const random = this.#random;
    const running = this.instances('running');
    const open = this.open();
    const failed = this.instances('failed');
    const act = random.weighted({
      plan: 4,
      finish: running.length > 0 ? 6 : 0,
      answer: open.length > 0 ? 2 : 0,
      grant: 0.5,
      retry: failed.length > 0 ? 1 : 0,
      resume: 0.3,
    });
    switch (act) {
      case 'plan':
        return this.plan();
      case 'finish':
        return this.finish(random.pick(running));
      case 'answer': {
        const asked = random.pick(open);
        const text = random.pick(['grant', 'grant', 'grant tokens=3', 'grant attempts 1', 'stop']);
        const given = reply({
          interrupt_id: asked.interrupt_id,
          text,
          payload: {},
          created_at: NOW,
        });
        return this.#decide({ command: 'reply', reply: given });
      }
      case 'grant': {
        const all = [null, ...this.state.instances.keys()];
        const more = random.pick([{ tokens: 4 }, { attempts: 1 }, { tokens: 1, attempts: 1 }]);
        return this.#decide({ command: 'grant', instance_id: random.pick(all), ...more });
      }
      case 'retry': {
        const { instance_id } = random.pick(failed);
        return this.#decide({ command: 'retry_instance', instance_id, granted_iterations: 0 });
      }
      case 'resume':
        return this.#decide({ command: 'resume' });
    }
  }

  plan(): void {
    this.#do(() => plan(this.state, { slots: SLOTS, now: this.now() }).events);
    this.check();
  }

  finish({ instance_id: id }: Instance): void {
    const end = this.#random.pick(['completed', 'nonzero_exit', 'budget'] as const);
    const isDone = end === 'completed';
    const process = {
      termination_reason: end,
      return_code: isDone ? 0 : 1,
      failure_kind: isDone ? null : end === 'budget' ? ('budget' as const) : ('unknown' as const),
      failure_summary: isDone ? null : 'it ended',
      resume_recommended: end === 'nonzero_exit',
      session_id: 's',
      usage: {
        input_tokens: this.#random.below(12),
        cached_input_tokens: 0,
        output_tokens: 1,
        reasoning_output_tokens: 0,
      },
    };
    const artifacts = [{ relative_path: 'final.md', size: 1, sha256: 'a'.repeat(64) }];
    const facts = {
      process,
      result: { kind: 'none' as const },
      artifacts: { kind: 'published' as const, artifacts },
    };
    this.#do(() => finishAttempt(this.state, id, facts, this.now()));
  }

  /** After a plan. */
  check(): void {
    const ofRun = this.reference(null);
    const runAsks = this.open().some(({ instance_id: id }) => id === null);
    const ready = this.instances('runnable');
    if (this.state.isStopped) expect(ready).toEqual([]);
    // A slot is free, and something could begin: the budget of the run alone holds it.
    if (ready.length > 0 && this.instances('running').length < SLOTS) {
      expect([ofRun.isSpent(this.#run), runAsks]).toEqual([true, true]);
    }
    for (const { instance_id: id, blocking_interrupts: open } of this.instances('waiting')) {
      const questions = this.open().filter((each) => each.instance_id === id);
      expect(questions.map((each) => each.interrupt_id)).toEqual(open);
      expect(open.length).toBeLessThanOrEqual(1);
    }
  }

  /** Nothing began that had no budget for it, as each event came. */
  checkLog(): void {
    checkLog(this.log, this.state);
    const whole = [...this.log];
    this.log.length = 0;
    let state: RunState | null = null;
    for (const event of whole) {
      const { event_type: type, instance_id: id } = event;
      if (type === 'attempt_started') {
        expect(this.reference(null).isSpent(this.#run), `${event.event_id} of the run`).toBe(false);
        expect(this.reference(id).isSpent(this.#own), `${event.event_id} of ${id}`).toBe(false);
        expect(state?.isStopped).toBe(false);
      }
      if (state !== null) {
        const spec = catalogue[type] as {
          misfit?(state: RunState, event: RunEvent): string | null;
        };
        expect(spec.misfit?.(state, event) ?? null, event.event_id).toBeNull();
      }
      state = evolve(state, event);
      this.log.push(event);
    }
  }
}

it.each(Array.from({ length: cases({ fewest: 15, few: 150, many: 5000 }) }, (_, seed) => seed))(
  'budgets hold in random run %i',
  (seed) => {
    const run = new Budgeted(new Random(seed));
    run.plan();
    for (let step = 0; step < 60; step += 1) run.step();
    run.plan();
    run.checkLog();
  },
);
