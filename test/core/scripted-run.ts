/** One run of the core, moved step by step by a test that names tasks instead of instance ids. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { plan, type AttemptStart } from '../../src/core/plan/plan.ts';
import { createRun } from '../../src/core/plan/create-run.ts';
import type { EventPayloads, EventType, RunEvent } from '../../src/core/events/events.ts';
import { replay } from '../../src/core/events/evolve.ts';
import { finishAttempt, type AttemptFacts } from '../../src/core/judge/finish.ts';
import type { WorkspaceFacts } from '../../src/core/judge/workspace.ts';
import { decide, type Request } from '../../src/core/requests/decide.ts';
import type { Decision } from '../../src/core/requests/decision.ts';
import { leftAlone } from '../../src/core/requests/revive.ts';
import type { Json, JsonObject } from '../../src/model/json.ts';
import type { ProjectSpec, TaskSpec } from '../../src/model/program.ts';
import {
  FORMAT_VERSION,
  type Instance,
  type Reply,
  type InstanceInterrupt,
} from '../../src/model/run.ts';
import { runStatus, type RunState } from '../../src/core/state/run-state.ts';
import { ended, interrupt, NOW, project, reply, RUN_ID, runPlan } from '../support/make.ts';

export const completed = ended({ session_id: 's-1' });

export const broken: AttemptFacts['process'] = {
  ...completed,
  termination_reason: 'nonzero_exit',
  return_code: 1,
  failure_kind: 'task_runtime',
  failure_summary: 'exit status 1',
};

export const offline: AttemptFacts['process'] = {
  ...broken,
  failure_kind: 'external_network',
  failure_summary: 'no network',
  resume_recommended: true,
};

export const sessionLost: AttemptFacts['process'] = {
  ...broken,
  failure_kind: 'session_lost',
  failure_summary: 'no rollout found',
  session_id: null,
};

export interface Ending {
  process?: AttemptFacts['process'];
  result?: Json;
  invalid?: string;
  missing?: string;
  workspace?: WorkspaceFacts;
}

export class ScriptedRun {
  state: RunState;
  readonly events: RunEvent[];
  readonly #slots: number;
  #asked = 0;

  constructor(
    tasks: readonly TaskSpec[],
    options: {
      slots?: number;
      inputs?: JsonObject;
      formatVersion?: number;
      project?: Partial<ProjectSpec>;
    } = {},
  ) {
    this.#slots = options.slots ?? 100;
    const plan = runPlan(tasks, {
      format_version: options.formatVersion ?? FORMAT_VERSION,
      user_inputs: options.inputs ?? {},
      project: project(options.project),
    });
    const { state, events } = createRun(plan, RUN_ID, NOW);
    this.state = state;
    this.events = [...events];
    this.plan();
  }

  plan(slots = this.#slots): AttemptStart[] {
    const { events, starts } = plan(this.state, { slots, now: NOW });
    this.events.push(...events);
    return starts;
  }

  /** Ends the running attempt of `task` (the only one, or `which`), and plans. */
  finish(task: string, ending: Ending = {}, which?: string): void {
    this.end(task, ending, which);
    this.plan();
  }

  /** As `finish`, and does not plan. */
  end(task: string, ending: Ending = {}, which?: string): void {
    const id = which ?? this.running(task).instance_id;
    this.events.push(...finishAttempt(this.state, id, factsOf(ending), NOW));
  }

  routes(task: string, ...labels: string[]): void {
    this.finish(task, { result: { control: { kind: 'route', labels } } });
  }

  continues(task: string, inputs: JsonObject = { n: 1 }): void {
    const control = { kind: 'loop', action: 'continue', next_inputs: inputs };
    this.finish(task, { result: { control } });
  }

  stops(task: string): void {
    this.finish(task, { result: { control: { kind: 'loop', action: 'stop' } } });
  }

  ask(of: Instance, asked: Partial<InstanceInterrupt> = {}): string {
    const asking = this.question(of, asked);
    expect(this.decide({ command: 'ask', interrupt: asking }).ok).toBe(true);
    return asking.interrupt_id;
  }

  question(of: Instance, asked: Partial<InstanceInterrupt> = {}): InstanceInterrupt {
    this.#asked += 1;
    return interrupt({
      interrupt_id: `int-${String(this.#asked).padStart(12, '0')}`,
      instance_id: of.instance_id,
      task_id: of.task_id,
      ...asked,
    });
  }

  /** Does not plan. */
  reply(interruptId: string, given: Partial<Reply> = {}): Decision {
    const audience = this.state.interrupts.get(interruptId)?.interrupt.audience ?? 'human';
    return this.decide({
      command: 'reply',
      reply: reply({ interrupt_id: interruptId, audience, ...given }),
    });
  }

  /** Does not plan. What was decided must be a log that a new engine accepts. */
  decide(request: Request): Decision {
    const decision = decide(this.state, request, NOW);
    if (decision.ok) {
      this.events.push(...decision.events);
      replay(this.events);
    }
    return decision;
  }

  abort(): void {
    this.decide({ command: 'abort' });
    this.plan();
  }

  /** Returns what it left alone. */
  resume(): Instance[] {
    const left = leftAlone(this.state);
    this.decide({ command: 'resume' });
    this.plan();
    return left;
  }

  /** Null where it was taken, or else why not. */
  retry({ instance_id }: Instance, grant = 0, newSession = false): string | null {
    const request = {
      command: 'retry_instance',
      instance_id,
      granted_iterations: grant,
      new_session: newSession,
    } as const;
    const decision = this.decide(request);
    if (!decision.ok) return decision.reason;
    this.plan();
    return null;
  }

  /** Reads the first `count` events as a new engine would. */
  crashAfter(count: number): void {
    this.events.length = count;
    const log = this.events.map((event) => JSON.parse(JSON.stringify(event)) as RunEvent);
    this.state = replay(log) as RunState;
  }

  all(task: string): Instance[] {
    return [...this.state.instances.values()].filter((one) => one.task_id === task);
  }

  /** The instance of `task` that was made last. */
  last(task: string): Instance {
    const one = this.all(task).at(-1);
    if (!one) throw new Error(`no instance of ${task}`);
    return one;
  }

  running(task: string): Instance {
    const found = this.all(task).filter((one) => one.status === 'running');
    const [one] = found;
    if (!one || found.length > 1) throw new Error(`${found.length} instances of ${task} run`);
    return one;
  }

  /** `task status`, in creation order. */
  board(): string[] {
    return [...this.state.instances.values()].map((one) => `${one.task_id} ${one.status}`);
  }

  status(): string {
    return runStatus(this.state);
  }

  payloads<T extends EventType>(type: T): EventPayloads[T][] {
    return this.events
      .filter((event) => event.event_type === type)
      .map((event) => event.payload as EventPayloads[T]);
  }
}

/** Of a result as a worker would have written it. */
export function sha256Of(result: Json): string {
  return createHash('sha256').update(JSON.stringify(result)).digest('hex');
}

export function factsOf(ending: Ending): AttemptFacts {
  return {
    process: ending.process ?? completed,
    result:
      ending.invalid !== undefined
        ? { kind: 'invalid', message: ending.invalid }
        : ending.result === undefined
          ? { kind: 'none' }
          : { kind: 'value', value: ending.result, sha256: sha256Of(ending.result) },
    artifacts:
      ending.missing === undefined
        ? {
            kind: 'published',
            artifacts: [{ relative_path: 'final.md', size: 1, sha256: 'a'.repeat(64) }],
          }
        : { kind: 'missing', message: ending.missing },
    ...(ending.workspace === undefined ? {} : { workspace: ending.workspace }),
  };
}
