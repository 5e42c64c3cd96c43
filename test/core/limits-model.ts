/**
 * Usage limits (section 18 of the contract) as plainly as possible, beside the planner: accounts that are limited or
 * not, and what each instance may therefore be. Random runs are held to it after each plan. It shares no code with the
 * planner; which instances there are, and in which order they start, `lockstep.ts` looks at.
 */
import { createRun } from '../../src/core/plan/create-run.ts';
import { plan } from '../../src/core/plan/plan.ts';
import type { RunEvent } from '../../src/core/events/events.ts';
import { specOf } from '../../src/core/events/catalogue.ts';
import { evolve, replay } from '../../src/core/events/evolve.ts';
import { finishAttempt, type AttemptFacts } from '../../src/core/judge/finish.ts';
import { decide } from '../../src/core/requests/decide.ts';
import type { RunState } from '../../src/core/state/run-state.ts';
import type { AccountLimit } from '../../src/model/limits.ts';
import type { ProcessEnd } from '../../src/model/attempt.ts';
import type { TaskSpec } from '../../src/model/program.ts';
import type { Instance } from '../../src/model/run.ts';
import { ended, project, reply, RUN_ID, runPlan, task } from '../support/make.ts';
import { checkLog } from './log-rules.ts';
import type { Random } from './random.ts';
import { expectSame, expectSameRecords } from './same-records.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MAX_WAIT_SEC = 3 * 3600;
const agents = ['x', 'y'];
const policies = ['wait', 'fallback', 'fail'] as const;

/** What is known of an account outside of the run. */
interface Limited {
  retryAtMs: number | null;
  untilMs: number;
}

export class LimitsRun {
  readonly log: RunEvent[] = [];
  state: RunState;
  readonly #random: Random;
  readonly #slots: number;
  readonly #tasks: Map<string, TaskSpec>;
  readonly #limited = new Map<string, Limited>();
  /** Account → who tries it. */
  readonly #tries = new Map<string, string>();
  #nowMs = Date.parse('2026-01-01T00:00:00Z');

  constructor(random: Random) {
    this.#random = random;
    this.#slots = random.pick([1, 2, 50]);
    const count = random.between(2, 7);
    const tasks = Array.from({ length: count }, (_, index) =>
      task({
        id: `t${index}`,
        publish: [],
        agent: random.pick(agents),
        usage_limit: { on: random.pick(policies), max_wait_sec: MAX_WAIT_SEC },
        fallback_agents: random.pick([[], ['x'], ['y'], ['y', 'x']]),
        depends_on: index > 1 && random.chance(0.3) ? [`t${random.below(index)}`] : [],
      }),
    );
    this.#tasks = new Map(tasks.map((each) => [each.id, each]));
    const bare = { backend: 'codex', model: null, sandbox: null, args: [], env: {} };
    const defined = Object.fromEntries(
      agents.map((name) => [name, { ...bare, command: null, run: null }]),
    );
    const frozen = runPlan(tasks, { project: project({ edition: 2, agents: defined }) });
    const created = createRun(frozen, RUN_ID, this.#now());
    this.state = created.state;
    this.#keep(created.events);
  }

  /** Throws an `Error` that says what differs. */
  run(steps: number): void {
    this.#plan();
    for (let i = 0; i < steps; i += 1) {
      this.#step();
      this.#plan();
      if (this.#random.chance(0.1)) this.state = this.#replayed();
    }
    // Nobody waits for ever: with all limits over, all that no person is asked about comes to its end.
    this.#limited.clear();
    this.#plan();
    for (let i = 0; i < 200 && this.#all().some(({ status }) => status === 'running'); i += 1) {
      this.#finish(this.#any('running'), ended({}));
      this.#plan();
    }
    for (const { status, instance_id: id, waiting_reason: reason } of this.#all()) {
      const isOver = ['done', 'failed', 'skipped', 'pending'].includes(status);
      if (!isOver && reason !== 'interrupts_pending') throw new Error(`${id} is left ${status}`);
    }
    checkLog(this.log, this.state);
    expectSameRecords(this.#replayed(), this.state);
  }

  // ---- steps --------------------------------------------------------------------------------------

  #step(): void {
    const random = this.#random;
    const running = this.#all().filter(({ status }) => status === 'running');
    const asked = [...this.state.interrupts.values()].filter(({ reply: given }) => given === null);
    const step = random.weighted({
      finish: running.length > 0 ? 6 : 0,
      time: 3,
      clear: 0.5,
      answer: asked.length > 0 ? 3 : 0,
    });
    if (step === 'time') this.#nowMs += random.pick([MINUTE, 10 * MINUTE, 30 * MINUTE, 2 * HOUR]);
    if (step === 'clear') this.#limited.delete(random.pick(agents));
    if (step === 'answer') {
      const id = random.pick(asked).interrupt.interrupt_id;
      const text = random.pick(['wait', 'try now', 'give up']);
      const given = reply({ interrupt_id: id, text, payload: {}, created_at: this.#now() });
      const decision = decide(this.state, { command: 'reply', reply: given }, this.#now());
      if (!decision.ok) throw new Error(`the answer is refused: ${decision.reason}`);
      this.#keep(decision.events);
    }
    if (step === 'finish') this.#finish(random.pick(running), this.#end());
  }

  #end(): ProcessEnd {
    const random = this.#random;
    const failed = ended({ termination_reason: 'nonzero_exit', return_code: 1 });
    const kind = random.weighted({ done: 3, limit: 4, broken: 0.5, offline: 0.5 });
    if (kind === 'done') return ended({});
    if (kind === 'broken') {
      return { ...failed, failure_kind: 'task_runtime', failure_summary: 'broken' };
    }
    if (kind === 'offline') {
      return { ...failed, failure_kind: 'external_network', failure_summary: 'offline' };
    }
    const inMs = random.pick([null, HOUR, 2 * HOUR, 10 * HOUR]);
    const retry_at = inMs === null ? null : new Date(this.#nowMs + inMs).toISOString();
    return { ...failed, failure_kind: 'external_usage_limit', failure_summary: 'limit', retry_at };
  }

  #finish(instance: Instance, end: ProcessEnd): void {
    const { instance_id: id } = instance;
    const account = this.#agentOf(instance);
    const isTry = this.#tries.get(account) === id;
    if (isTry) this.#tries.delete(account);
    const isLimit = end.failure_kind === 'external_usage_limit';
    if (isLimit) this.#meet(account, end.retry_at ?? null);
    else if (isTry && end.termination_reason === 'completed') this.#limited.delete(account);
    const limit = isLimit ? { limit: this.#limitOf(account)! } : {};
    const facts: AttemptFacts = {
      process: end,
      result: { kind: 'none' },
      artifacts: { kind: 'published', artifacts: [] },
      ...limit,
    };
    this.#keep(finishAttempt(this.state, id, facts, this.#now()));
  }

  #meet(account: string, retryAt: string | null): void {
    const retryAtMs = retryAt === null ? null : Date.parse(retryAt);
    const untilMs = retryAtMs === null ? this.#nowMs + 30 * MINUTE : retryAtMs + MINUTE;
    this.#limited.set(account, { retryAtMs, untilMs });
  }

  /** As a turn of an engine: until nothing is left that would start if it were the one to try. */
  #plan(): void {
    const taken = new Map<string, boolean>();
    const started = new Set<string>();
    for (;;) {
      const next = plan(this.state, {
        ...{ slots: this.#slots, now: this.#now(), taken },
        limitOf: (id) => this.#limitOf(this.#agentOf(this.#instance(id))),
      });
      this.#keep(next.events);
      for (const { instanceId } of next.starts) started.add(instanceId);
      for (const { instanceId: id } of next.wanted) {
        const account = this.#agentOf(this.#instance(id));
        const isFree = !this.#tries.has(account);
        if (isFree) this.#tries.set(account, id);
        taken.set(id, isFree);
      }
      if (next.wanted.length === 0) break;
    }
    for (const [id, isTaken] of taken) {
      if (!isTaken || started.has(id)) continue;
      for (const [account, by] of this.#tries) if (by === id) this.#tries.delete(account);
    }
    this.#compare();
  }

  // ---- what must be -------------------------------------------------------------------------------

  #compare(): void {
    const all = this.#all();
    const isFull = all.filter(({ status }) => status === 'running').length >= this.#slots;
    for (const instance of all) {
      const { instance_id: id, status, waiting_reason: reason } = instance;
      const isHeld = status === 'waiting' && reason === 'usage_limit';
      if (status !== 'runnable' && !isHeld) continue;
      const account = this.#agentOf(instance);
      const limited = this.#limited.get(account);
      if (status === 'runnable' && !isFull) throw new Error(`${id} could start, and does not`);
      if (!isHeld || isFull) continue;
      if (limited === undefined)
        throw new Error(`${id} waits for ${account}, which is not limited`);
      const isDue = limited.untilMs <= this.#nowMs;
      if (isDue && !this.#tries.has(account)) throw new Error(`nobody tries ${account}`);
      const askAt = this.state.links.get(id)?.limit?.askAt ?? null;
      if (askAt !== null && Date.parse(askAt) <= this.#nowMs)
        throw new Error(`${id} waits too long`);
    }
    for (const [account, id] of this.#tries) {
      expectSame(`who tries ${account}`, this.#instance(id).status, 'running');
    }
  }

  /** What each start was allowed by; looked at when it is written. */
  #checkStart(instance: Instance): void {
    const account = this.#agentOf(instance);
    const limited = this.#limited.get(account);
    if (limited === undefined) return;
    const latest = instance.attempts.at(-1);
    if (latest?.probes !== account) throw new Error(`${instance.instance_id} begins on ${account}`);
    const said = [...this.state.interrupts.values()].some(
      (record) =>
        record.interrupt.instance_id === instance.instance_id && record.reply?.text === 'try now',
    );
    if (limited.untilMs > this.#nowMs && !said) throw new Error(`${account} is tried too early`);
    expectSame(`who tries ${account}`, this.#tries.get(account), instance.instance_id);
  }

  /** The agents of its task, in order, of which those before have given up. */
  #agentOf({ task_id: id, given_up: gaveUp = [], agent }: Instance): string {
    const spec = this.#tasks.get(id);
    const names = [spec?.agent ?? '', ...(spec?.fallback_agents ?? [])];
    const left = names.filter((name) => !gaveUp.some(({ agent: before }) => before === name));
    const expected = left[0] ?? '';
    expectSame(`the agent of ${id}`, agent ?? spec?.agent, expected);
    return expected;
  }

  #limitOf(account: string): AccountLimit | null {
    const limited = this.#limited.get(account);
    if (limited === undefined) return null;
    const { retryAtMs, untilMs } = limited;
    const retry_at = retryAtMs === null ? null : new Date(retryAtMs).toISOString();
    return { account, model: null, retry_at, until: new Date(untilMs).toISOString() };
  }

  // ---- the log ------------------------------------------------------------------------------------

  #keep(events: readonly RunEvent[]): void {
    for (const event of events) {
      this.log.push(JSON.parse(JSON.stringify(event)) as RunEvent);
      if (event.event_type === 'attempt_started')
        this.#checkStart(this.#instance(event.instance_id));
    }
  }

  /** Each event must be one that an engine could have written where it stands. */
  #replayed(): RunState {
    let state: RunState | null = null;
    for (const event of this.log) {
      const misfit =
        state === null ? null : (specOf(event).misfit?.(state, event as never) ?? null);
      if (misfit !== null) throw new Error(`event ${event.seq}, ${event.event_type}: ${misfit}`);
      state = evolve(state, event);
    }
    return state ?? replay(this.log)!;
  }

  #all(): Instance[] {
    return [...this.state.instances.values()];
  }

  #any(status: Instance['status']): Instance {
    return this.#random.pick(this.#all().filter((each) => each.status === status));
  }

  #instance(id: string | null): Instance {
    return this.state.instances.get(id ?? '')!;
  }

  #now(): string {
    return new Date(this.#nowMs).toISOString();
  }
}
