/**
 * A run in memory, on a clock that stands still, whose agents are scripts; nothing of it touches the disk. An
 * engine can be made to die at its n-th commit: the run, its inbox and its agents outlive it.
 */
import path from 'node:path';
import type { RunEvent } from '../../src/core/events/events.ts';
import { createRun } from '../../src/core/plan/create-run.ts';
import { budgetOfAttempt } from '../../src/core/state/budgets.ts';
import { instanceOf, runStatus, type RunState } from '../../src/core/state/run-state.ts';
import { sha256 } from '../../src/disk/sha256.ts';
import { Engine, type EngineOptions } from '../../src/engine/engine.ts';
import { Intake } from '../../src/engine/intake.ts';
import type { StopMode } from '../../src/engine/loop.ts';
import type { Attempts, EngineParts } from '../../src/engine/parts.ts';
import { SimulatedClock } from '../../src/engine/simulated-clock.ts';
import type { Executor } from '../../src/execution/executor.ts';
import { ScriptedExecutor, type Play } from '../../src/execution/scripted/executor.ts';
import type { AttemptEnd, AttemptOrder } from '../../src/model/attempt.ts';
import { argvOf } from '../../src/model/checks.ts';
import type { Json, JsonObject } from '../../src/model/json.ts';
import type { ProjectSpec, TaskSpec } from '../../src/model/program.ts';
import type { RunStatus, InstanceInterrupt } from '../../src/model/run.ts';
import type { InboxCommand } from '../../src/store/inbox/records.ts';
import { MemoryRunStore } from '../../src/store/memory/store.ts';
import type { RunWriter, Writing } from '../../src/store/run-store.ts';
import { interrupt, project, reply, RUN_ID, runPlan } from '../support/make.ts';

/** What the attempts of a task do. */
export type Script = (attempt: { id: string; number: number }) => Play;

export interface Death {
  /** From 1. */
  commit: number;
  /** Whether the log has the events of that commit. */
  kept: boolean;
}

export class Died extends Error {}

/** What an engine is handed, changed for a test. */
export type Change = (parts: EngineParts) => EngineParts;

interface Drive {
  ended: Promise<RunStatus>;
  stop(mode: StopMode): void;
  leave(): void;
  abort(): void;
}

export class Stage {
  readonly clock = new SimulatedClock();
  readonly store = new MortalStore('/nowhere', () => this.clock.now());
  /** `task/attempt`, in the order in which their agents began. */
  readonly begun: string[] = [];
  /** The most agents that were at work at a time. */
  busiest = 0;
  #busy = 0;
  readonly #executor: Executor;

  constructor(
    tasks: readonly TaskSpec[],
    scripts: Record<string, Script> = {},
    options: { slots?: number; project?: Partial<ProjectSpec> } = {},
  ) {
    const plan = runPlan(tasks, {
      user_inputs: { round: 'first' },
      project: project(options.project),
    });
    plan.project.max_concurrency = options.slots ?? plan.project.max_concurrency;
    const { state, events } = createRun(plan, RUN_ID, this.clock.now());
    this.store.create(RUN_ID).begin(events, state);
    this.#executor = new ScriptedExecutor(
      (order) => {
        const number = Number(path.basename(order.attemptDir));
        const id = path.basename(path.dirname(order.attemptDir));
        this.begun.push(`${taskOf(id)}/${number}`);
        return (scripts[taskOf(id)] ?? (() => says('done')))({ id, number });
      },
      () => this.clock.now(),
    );
  }

  /** An engine on the run: what it has started lives on when it dies. */
  drive(options: EngineOptions & { death?: Death; change?: Change } = {}): Drive {
    const { death = null, change = (parts: EngineParts) => parts, ...rest } = options;
    const life = { isOver: false };
    this.store.begin(death, life);
    const writing = this.store.write(RUN_ID, 'test');
    if (!writing.ok) throw writing.refusal;
    const { writer: run } = writing;
    const fits: EngineParts['fits'] = () => ({ ok: false, why: 'nobody says' });
    const parts = {
      fits,
      clock: this.clock,
      run,
      inbox: new Intake(run),
      attempts: attemptsOf(run),
    };
    const engine = new Engine(change({ ...parts, executor: this.#executorOf(life) }), rest);
    const ended = engine
      .run()
      .finally(() => run.close())
      .then(() => runStatus(run.state));
    return {
      ended,
      stop: (mode) => engine.stop(mode),
      leave: () => engine.leave(),
      abort: () => engine.abort(),
    };
  }

  /** Whether an engine has died. */
  get hasDied(): boolean {
    return this.store.hasDied;
  }

  get state(): RunState {
    return this.store.view(RUN_ID).state;
  }

  get events(): RunEvent[] {
    const events: RunEvent[] = [];
    this.store.view(RUN_ID, (event) => void events.push(event));
    return events;
  }

  /** `task status`, in the order in which the instances came to be. */
  get statuses(): string[] {
    return [...this.state.instances.values()].map(({ task_id, status }) => `${task_id} ${status}`);
  }

  /** The instance of a task that has one. */
  idOf(task: string): string {
    return [...this.state.instances.keys()].find((id) => taskOf(id) === task) ?? '';
  }

  /** Why instances failed. */
  get errors(): string[] {
    return [...this.state.instances.values()].flatMap(({ error }) => error ?? []);
  }

  /** What the worker of an instance asks, or a person in its name where none runs; `int-` and twelve digits. */
  ask(instanceId: string, number: number, changes: Partial<InstanceInterrupt> = {}): string {
    const id = `int-${String(number).padStart(12, '0')}`;
    const asked = interrupt({
      interrupt_id: id,
      instance_id: instanceId,
      task_id: taskOf(instanceId),
      created_at: this.clock.now(),
      ...changes,
    });
    const { status, attempt } = instanceOf(this.state, instanceId);
    if (status === 'running') {
      this.store.drop(RUN_ID, { kind: 'question', interrupt: asked, attempt });
    } else this.store.drop(RUN_ID, { kind: 'interrupt', interrupt: asked });
    return id;
  }

  reply(interruptId: string, text: string): void {
    const given = reply({
      interrupt_id: interruptId,
      text,
      payload: {},
      created_at: this.clock.now(),
    });
    this.store.drop(RUN_ID, { kind: 'reply', reply: given });
  }

  request(command: InboxCommand): void {
    this.store.drop(RUN_ID, { kind: 'command', command });
  }

  /** Counts who is at work; of a process that has died, nothing comes any more. */
  #executorOf(life: { isOver: boolean }): Executor {
    const never = new Promise<never>(() => undefined);
    return {
      start: async (order, heard) => {
        if (life.isOver) return never;
        this.#busy += 1;
        this.busiest = Math.max(this.busiest, this.#busy);
        const handle = await this.#executor.start(order, heard);
        void handle.ended.then(() => (this.#busy -= 1));
        return handle;
      },
      find: (order, heard) => (life.isOver ? never : this.#executor.find(order, heard)),
      close: () => Promise.resolve(),
    };
  }
}

class MortalStore extends MemoryRunStore {
  hasDied = false;
  #death: Death | null = null;
  #life = { isOver: false };
  #commits = 0;

  begin(death: Death | null, life: { isOver: boolean }): void {
    this.#death = death;
    this.#life = life;
    this.#commits = 0;
  }

  override write(runId: string, as: string): Writing {
    const writing = super.write(runId, as);
    if (!writing.ok) return writing;
    const { writer } = writing;
    const commit = writer.commitAsync.bind(writer);
    const life = this.#life;
    writer.commitAsync = async (events) => {
      if (life.isOver) throw new Died();
      const isLast = events.length > 0 && ++this.#commits === this.#death?.commit;
      if (!isLast || this.#death?.kept === true) await commit(events);
      if (!isLast) return;
      life.isOver = true;
      this.hasDied = true;
      throw new Died();
    };
    return writing;
  }
}

/** Orders and facts, made of nothing but the state and the end. */
function attemptsOf({ state }: RunWriter): Attempts {
  return {
    accounts: { limitOf: () => null, heard: () => undefined, ended: () => undefined },
    order(instanceId, generation) {
      const attempt = state.instances.get(instanceId)?.attempt ?? 0;
      const attemptDir = path.join('/nowhere', instanceId, String(attempt));
      const budget = budgetOfAttempt(state, instanceId);
      const counted = budget === null ? {} : { budget };
      return { order: { ...anyOrder, ...counted, attemptDir, generation }, problem: null };
    },
    hasTree: () => false,
    prepareTree: () => Promise.resolve({ kind: 'ready' }),
    seeBefore: () => null,
    restoreTree: () => Promise.resolve(),
    check(instanceId, due) {
      const attempt = state.instances.get(instanceId)?.attempt ?? 0;
      const name = `${due.isBaseline ? 'baseline' : 'check'}-${due.index}`;
      const attemptDir = path.join('/nowhere', instanceId, name, String(attempt));
      return Promise.resolve({ ok: true, order: { ...anyOrder, attemptDir }, mayHaveBegun: true });
    },
    receipt: (_instanceId, { index, spec, isBaseline }, { return_code: exit }) =>
      Promise.resolve({
        ...{ index, argv: argvOf(spec), exit, output_sha256: '', tree: null },
        ...(isBaseline ? { baseline: true as const } : {}),
      }),
    dropCheck: () => undefined,
    dropTree: () => null,
    brief: (_instanceId, order) => Promise.resolve({ ok: true, order }),
    takeLocks: () => true,
    giveBack: () => undefined,
    putAway: () => undefined,
    putAwayLeftovers: () => undefined,
    leave: () => undefined,
    mergeResults: () => Promise.resolve([]),
    takesPrompt: () => true,
    harvest(_instanceId, end) {
      const { final_message: message, ...process } = end;
      const text = message !== null && 'text' in message ? message.text : '';
      const result = text.startsWith('{')
        ? ({ kind: 'value', value: JSON.parse(text) as Json, sha256: sha256(text) } as const)
        : ({ kind: 'none' } as const);
      return Promise.resolve({ process, result, artifacts: { kind: 'published', artifacts: [] } });
    },
  };
}

const anyOrder: AttemptOrder = {
  ...{ backend: 'command', settings: null, cwd: '/', projectWorkspaceDir: '/', programDir: '/' },
  ...{
    attemptDir: '',
    controlDir: '',
    runFormat: 2,
    sandbox: 'read-only',
    writableRoots: [],
    model: null,
  },
  ...{ outputSchemaFile: null, sessionId: null, previousUsage: null, env: {} },
  ...{ wallTimeoutMs: null, idleTimeoutMs: null, graceMs: 0, startedAt: '', generation: 0 },
};

function taskOf(instanceId: string): string {
  return instanceId.replace(/-[0-9a-f]+$/, '');
}

/** All that can happen without time passing has happened. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits as long as the test may take. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Ends well, with something said. */
export function says(text: string): Play {
  return { steps: [{ does: { type: 'message', id: 'last', text } }] };
}

export function fails(): Play {
  const end: Partial<AttemptEnd> = {
    ...{ termination_reason: 'nonzero_exit', return_code: 1, failure_kind: 'task_runtime' },
    failure_summary: 'exit status 1',
  };
  return { steps: [], end };
}

/** A controller's choice. */
export function chooses(control: JsonObject): Play {
  return says(JSON.stringify({ control }));
}

export function iterates(again: boolean): Play {
  const stop = { kind: 'loop', action: 'stop' };
  return chooses(again ? { ...stop, action: 'continue', next_inputs: { round: 'next' } } : stop);
}
