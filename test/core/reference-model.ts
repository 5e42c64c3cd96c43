/**
 * Sections 5, 6, 8.4 and 11 of the contract, written as plainly as possible: slow, without indices, and
 * obviously right. It looks at every scope, every task and every combination of upstream instances again
 * and again until nothing changes. The planner is compared with it; it shares no code with the planner.
 */
import type { Json, JsonObject } from '../../src/model/json.ts';
import type { Condition, ConditionTest, TaskSpec } from '../../src/model/program.ts';
import type {
  FailureKind,
  InstanceStatus,
  InterruptStatus,
  RunPlan,
  RunStatus,
} from '../../src/model/run.ts';

export interface ModelScope {
  number: number;
  parent: ModelScope | null;
  seeds: string[];
  body: Set<string>;
  values: JsonObject;
  createdBy: ModelInstance | null;
  /** Loop controller → iterations that an operator granted to its instance in this scope. */
  grants: Map<string, number>;
}

export interface ModelInstance {
  number: number;
  task: string;
  scope: ModelScope;
  /** Upstream task → the instance of it. */
  upstream: Map<string, ModelInstance>;
  status: InstanceStatus;
  attempts: number;
  session: string | null;
  failureKind: FailureKind | null;
  resumeRecommended: boolean;
  /** Since it was last requeued by somebody. */
  repairs: number;
  /** Targets that this controller instance chose. */
  chosen: Set<string>;
  /** Skipped by an abort while nothing above it was failed or skipped: only a retry moves it. */
  skippedByAbort: boolean;
  /** Skipped because its condition does not hold: nothing moves it. */
  skippedByCondition: boolean;
  /** What the attempt left with which it was done; undefined: nothing. */
  result: Json | undefined;
}

export interface ModelInterrupt {
  id: string;
  instance: ModelInstance;
  blocking: boolean;
  audience: 'human' | 'assistant';
  decisionKind: string | null;
  status: InterruptStatus;
}

export type Choice =
  | { kind: 'labels'; labels: string[] }
  | { kind: 'continue'; inputs: JsonObject }
  | { kind: 'stop' };

/** What an attempt left, told in the contract's words instead of files. */
export interface Outcome {
  process: 'completed' | 'failed' | 'session_lost';
  failureKind: FailureKind | null;
  resumeRecommended: boolean;
  session: string | null;
  result: 'none' | 'valid' | 'against_schema';
  /** What a controller chose; `refused` for a control that section 6 refuses, also where there is none. */
  control: Choice | 'refused';
  published: boolean;
  /** The result itself; undefined: none. */
  value: Json | undefined;
}

export class ReferenceModel {
  readonly scopes: ModelScope[] = [];
  readonly instances: ModelInstance[] = [];
  readonly interrupts: ModelInterrupt[] = [];
  aborted = false;
  #completed = false;
  /** Choices that were refused because their histories differ; only counted. */
  conflicts = 0;
  readonly #tasks: TaskSpec[];
  readonly #formatVersion: number;

  constructor({ tasks, user_inputs: inputs, format_version }: RunPlan) {
    this.#tasks = Object.values(tasks);
    this.#formatVersion = format_version;
    this.scopes.push({
      number: 0,
      parent: null,
      seeds: [],
      body: new Set(Object.keys(tasks)),
      values: inputs,
      createdBy: null,
      grants: new Map(),
    });
    this.createInstances();
  }

  // ---- section 5: which instances there are -------------------------------------------------------

  /** To the fixpoint: every instance that exists by now. Those made earlier stay. */
  createInstances(): void {
    for (let before = -1; before !== this.instances.length;) {
      before = this.instances.length;
      for (const scope of this.scopes) {
        for (const task of this.#tasks) {
          if (scope.body.has(task.id)) this.#createInstancesOf(task, scope);
        }
      }
    }
  }

  #createInstancesOf(task: TaskSpec, scope: ModelScope): void {
    const upstreamTasks = [...new Set(task.depends_on.map((dependency) => dependency.task))];
    if (upstreamTasks.length === 0) {
      if (scope.parent === null || scope.seeds.includes(task.id)) {
        this.#createInstance(task, scope, new Map());
      }
      return;
    }
    const controller = this.#tasks.find((other) => gatedTargets(other).includes(task.id));
    for (const choice of combinations(upstreamTasks.map((up) => this.#candidates(up, scope)))) {
      if (!consistent(choice)) {
        this.conflicts += 1;
        continue;
      }
      const upstream = new Map(choice.map((instance) => [instance.task, instance]));
      if (controller) {
        const chooser = upstream.get(controller.id);
        if (chooser?.scope !== scope || !chooser.chosen.has(task.id)) continue;
      }
      this.#createInstance(task, scope, upstream);
    }
  }

  #candidates(upstreamTask: string, scope: ModelScope): ModelInstance[] {
    const inScope = (each: ModelScope) =>
      this.instances.filter((one) => one.task === upstreamTask && one.scope === each);
    if (scope.body.has(upstreamTask)) return inScope(scope);
    for (let outer = scope.parent; outer !== null; outer = outer.parent) {
      const found = inScope(outer);
      if (found.length > 0) return found;
    }
    return [];
  }

  #createInstance(task: TaskSpec, scope: ModelScope, upstream: Map<string, ModelInstance>): void {
    const exists = this.instances.some(
      (one) =>
        one.task === task.id &&
        one.scope === scope &&
        [...upstream].every(([name, instance]) => one.upstream.get(name) === instance),
    );
    if (exists) return;
    this.instances.push({
      number: this.instances.length,
      task: task.id,
      scope,
      upstream,
      status: 'pending',
      attempts: 0,
      session: null,
      failureKind: null,
      resumeRecommended: false,
      repairs: 0,
      chosen: new Set(),
      skippedByAbort: false,
      skippedByCondition: false,
      result: undefined,
    });
  }

  // ---- section 5: what state they are in ----------------------------------------------------------

  /** To the fixpoint: what is ready, what must be skipped, what revives, who need not wait any more. */
  settle(): void {
    for (let changed = true; changed;) {
      changed = false;
      for (const instance of this.instances) {
        const before = instance.status;
        instance.status = this.#nextStatus(instance);
        if (instance.status !== before) changed = true;
      }
      this.createInstances();
    }
  }

  #nextStatus(instance: ModelInstance): InstanceStatus {
    const upstream = [...instance.upstream.values()];
    const blocked = this.#isBlocked(instance);
    switch (instance.status) {
      case 'pending':
        if (blocked) return 'skipped';
        if (!upstream.every((up) => up.status === 'done' || this.#isExcused(instance, up))) {
          return 'pending';
        }
        if (instance.attempts === 0) {
          const judged = this.#beforeItStarts(instance);
          if (judged !== null) return judged;
        }
        return this.#openBlocking(instance).length > 0 ? 'waiting' : 'runnable';
      case 'skipped':
        return blocked || instance.skippedByAbort || instance.skippedByCondition
          ? 'skipped'
          : 'pending';
      case 'waiting':
        return this.#openBlocking(instance).length > 0 ? 'waiting' : 'runnable';
      case 'runnable':
      case 'running':
      case 'done':
      case 'failed':
        return instance.status;
    }
  }

  /** An upstream instance that its condition skipped stops nobody who named it as optional, by every name. */
  #isExcused(instance: ModelInstance, up: ModelInstance): boolean {
    const edges = this.task(instance.task).depends_on.filter(({ task }) => task === up.task);
    return up.skippedByCondition && edges.every(({ optional }) => optional === true);
  }

  #isBlocked(instance: ModelInstance): boolean {
    return [...instance.upstream.values()].some(
      (up) => isBad(up.status) && !this.#isExcused(instance, up),
    );
  }

  // ---- section 17: conditions, and controllers that decide by rules ---------------------------------

  /** Where a condition or a rule settles an instance that could start: in which status; null: it may start. */
  #beforeItStarts(instance: ModelInstance): InstanceStatus | null {
    const { when, control } = this.task(instance.task);
    const holds = when === undefined ? true : this.#holds(instance, when);
    if (holds === 'unknown') return this.#failsUnstarted(instance, 'condition');
    if (!holds) {
      instance.skippedByCondition = true;
      return 'skipped';
    }
    if (control?.decide === undefined) return null;
    for (const rule of control.decide) {
      const ruleHolds = rule.when === undefined ? true : this.#holds(instance, rule.when);
      if (ruleHolds === 'unknown') return this.#failsUnstarted(instance, 'condition');
      if (!ruleHolds) continue;
      const choice = this.#choiceOf(instance, rule);
      if (choice === null) return this.#failsUnstarted(instance, 'condition');
      if (this.#pastLimit(instance, choice)) return this.#failsUnstarted(instance, 'loop_limit');
      instance.status = 'done';
      this.#choose(instance, choice);
      return 'done';
    }
    return this.#failsUnstarted(instance, 'condition');
  }

  #failsUnstarted(instance: ModelInstance, kind: FailureKind): InstanceStatus {
    fail(instance, kind, false);
    return 'failed';
  }

  /** null: what it would hand on is missing. */
  #choiceOf(
    instance: ModelInstance,
    rule: NonNullable<NonNullable<TaskSpec['control']>['decide']>[number],
  ): Choice | null {
    if ('labels' in rule) return { kind: 'labels', labels: rule.labels };
    if (rule.action === 'stop') return { kind: 'stop' };
    const inputs: JsonObject = {};
    for (const [key, source] of Object.entries(rule.next_inputs ?? {})) {
      const value = 'value' in source ? source.value : this.#valueOf(instance, source.ref);
      if (value === undefined) return null;
      inputs[key] = value;
    }
    return { kind: 'continue', inputs };
  }

  /** All tests must hold, or one of `any`. A value that is missing matters only where the others decide nothing. */
  #holds(instance: ModelInstance, condition: Condition): boolean | 'unknown' {
    if (!Array.isArray(condition) && 'any' in condition) {
      const outcomes = condition.any.map((test) => this.#passes(instance, test));
      return outcomes.includes(true) || (outcomes.includes('unknown') ? 'unknown' : false);
    }
    const outcomes = [condition].flat().map((test) => this.#passes(instance, test));
    if (outcomes.includes(false)) return false;
    return outcomes.includes('unknown') ? 'unknown' : true;
  }

  #passes(instance: ModelInstance, { ref, matches, missing }: ConditionTest): boolean | 'unknown' {
    const value = this.#valueOf(instance, ref);
    if (value === undefined) return missing ?? 'unknown';
    if (typeof matches === 'boolean') return matches;
    return value === matches['const'];
  }

  /** Tests here look at `inputs.<key>` and `deps.<scope>.result.v` alone. */
  #valueOf(instance: ModelInstance, ref: string): Json | undefined {
    if (ref.startsWith('inputs.')) return instance.scope.values[ref.slice('inputs.'.length)];
    const scope = ref.slice('deps.'.length, -'.result.v'.length);
    const edge = this.task(instance.task).depends_on.find(
      (each) => (each.as ?? each.task) === scope,
    );
    const up = instance.upstream.get(edge?.task ?? '');
    const result = up?.status === 'done' ? up.result : undefined;
    return (result as JsonObject | null | undefined)?.['v'];
  }

  /** In runs of format 1 no event closes a question: there, none is asked while the run is aborted. */
  interruptStatus({ status }: ModelInterrupt): InterruptStatus {
    return status === 'open' && this.aborted && this.#formatVersion === 1 ? 'closed' : status;
  }

  runStatus(): RunStatus {
    const any = (status: InstanceStatus) => this.instances.some((one) => one.status === status);
    if (any('running')) return 'running';
    if (any('failed') || this.aborted) return 'failed';
    if (any('waiting')) return 'waiting';
    if (any('pending') || any('runnable')) return 'pending';
    return 'done';
  }

  // ---- attempts -----------------------------------------------------------------------------------

  start(instance: ModelInstance): void {
    if (instance.status !== 'runnable') throw new Error(`started while ${instance.status}`);
    instance.status = 'running';
    instance.attempts += 1;
    instance.failureKind = null;
    instance.resumeRecommended = false;
    for (const interrupt of this.#interruptsOf(instance)) {
      if (interrupt.status === 'resolved') interrupt.status = 'applied';
    }
  }

  /** Section 8.4, in its order. */
  finish(instance: ModelInstance, outcome: Outcome): void {
    const task = this.task(instance.task);
    if (outcome.session !== null) instance.session = outcome.session;
    const unheard = this.#interruptsOf(instance).filter(
      (interrupt) =>
        interrupt.blocking && interrupt.status !== 'applied' && interrupt.status !== 'closed',
    );
    if (outcome.process === 'session_lost') {
      instance.session = null;
      instance.status = this.#openBlocking(instance).length > 0 ? 'waiting' : 'pending';
    } else if (unheard.length > 0) {
      instance.status = 'waiting';
    } else if (outcome.process === 'failed') {
      fail(instance, outcome.failureKind ?? 'unknown', outcome.resumeRecommended);
    } else if (outcome.result === 'against_schema') {
      this.#repair(instance, 'output_schema');
    } else if (outcome.result === 'none' && task.result_schema !== null) {
      this.#repair(instance, 'output_schema');
    } else if (task.control && outcome.control === 'refused') {
      this.#repair(instance, 'task_runtime');
    } else if (task.control && this.#pastLimit(instance, outcome.control)) {
      fail(instance, 'loop_limit', false);
    } else if (!outcome.published) {
      this.#repair(instance, 'task_runtime');
    } else if (!this.#allDecisionsAsked(instance)) {
      this.#repair(instance, 'decision_obligation');
    } else {
      instance.status = 'done';
      instance.result = outcome.value;
      if (task.control && outcome.control !== 'refused') this.#choose(instance, outcome.control);
    }
    this.createInstances();
  }

  /** Section 18: it goes on, as often as its task says. */
  #repair(instance: ModelInstance, kind: FailureKind): void {
    if (instance.repairs >= (this.task(instance.task).repair ?? 0)) {
      fail(instance, kind, false);
      return;
    }
    instance.repairs += 1;
    instance.status = 'runnable';
  }

  #allDecisionsAsked(instance: ModelInstance): boolean {
    return this.task(instance.task).required_decisions.every((decision) =>
      this.#interruptsOf(instance).some(
        (interrupt) =>
          interrupt.blocking &&
          // One that was closed unanswered has decided nothing.
          interrupt.status !== 'closed' &&
          interrupt.decisionKind === decision.decision_kind &&
          (decision.audience === 'any' || decision.audience === interrupt.audience),
      ),
    );
  }

  // ---- section 6: what a controller's choice does --------------------------------------------------

  #choose(instance: ModelInstance, choice: Choice): void {
    const { control } = this.task(instance.task);
    if (choice.kind === 'labels' && control?.mode === 'route') {
      const chosen = control.routes.filter((route) => choice.labels.includes(route.label));
      instance.chosen = new Set(chosen.flatMap((route) => route.targets));
    }
    if (choice.kind === 'stop' && control?.mode === 'loop') {
      instance.chosen = new Set(control.stop_targets);
    }
    if (choice.kind === 'continue' && control?.mode === 'loop') {
      this.scopes.push({
        number: this.scopes.length,
        parent: instance.scope,
        seeds: control.continue_targets,
        body: this.#descendants(control.continue_targets),
        values: { ...instance.scope.values, ...choice.inputs },
        createdBy: instance,
        grants: new Map(),
      });
    }
  }

  #descendants(seeds: readonly string[]): Set<string> {
    const body = new Set(seeds);
    for (let before = -1; before !== body.size;) {
      before = body.size;
      for (const task of this.#tasks) {
        if (task.depends_on.some((dependency) => body.has(dependency.task))) body.add(task.id);
      }
    }
    return body;
  }

  #pastLimit(instance: ModelInstance, control: Choice | 'refused'): boolean {
    const spec = this.task(instance.task).control;
    if (control === 'refused' || control.kind !== 'continue' || spec?.mode !== 'loop') return false;
    if (spec.max_iterations === null) return false;
    const { iterations, granted } = this.iterationsAt(instance.task, instance.scope);
    return iterations >= spec.max_iterations + granted;
  }

  /**
   * The iterations that led to this scope, counted since the loop last began anew: since a scope that
   * another controller opened and that repeats one of this loop's continue targets.
   */
  iterationsAt(controller: string, scope: ModelScope): { iterations: number; granted: number } {
    const { control } = this.task(controller);
    const targets = control?.mode === 'loop' ? control.continue_targets : [];
    let iterations = 0;
    let granted = 0;
    for (let at: ModelScope | null = scope; at !== null; at = at.parent) {
      granted += at.grants.get(controller) ?? 0;
      if (at.createdBy === null) break;
      if (at.createdBy.task === controller) iterations += 1;
      else if (targets.some((target) => at?.body.has(target))) break;
    }
    return { iterations, granted };
  }

  // ---- section 9 ----------------------------------------------------------------------------------

  /** False where it is refused: the run is over. Earlier engines took it all the same. */
  request(interrupt: Omit<ModelInterrupt, 'status'>): boolean {
    if (this.#formatVersion > 1 && (this.aborted || this.#completed)) return false;
    this.interrupts.push({ ...interrupt, status: 'open' });
    return true;
  }

  /** The run is said to have come to its end. */
  complete(): void {
    this.#completed = true;
    this.#close();
  }

  #close(): void {
    if (this.#formatVersion === 1) return;
    for (const each of this.interrupts) if (each.status === 'open') each.status = 'closed';
  }

  /** False where it is answered already. */
  reply(id: string, handoffId: string | null): boolean {
    const interrupt = this.interrupts.find((one) => one.id === id);
    if (interrupt?.status !== 'open') return false;
    interrupt.status = 'resolved';
    if (handoffId !== null) this.request({ ...interrupt, id: handoffId, audience: 'human' });
    return true;
  }

  #interruptsOf(instance: ModelInstance): ModelInterrupt[] {
    return this.interrupts.filter((interrupt) => interrupt.instance === instance);
  }

  #openBlocking(instance: ModelInstance): ModelInterrupt[] {
    return this.#interruptsOf(instance).filter((one) => one.blocking && one.status === 'open');
  }

  // ---- section 11 ---------------------------------------------------------------------------------

  resume(): void {
    if (this.#isOverForGood) return;
    for (const instance of this.instances) {
      if (instance.status === 'failed' && instance.resumeRecommended) this.#requeue(instance);
    }
  }

  /** Earlier engines took an abort back, instance by instance. */
  get #isOverForGood(): boolean {
    return this.aborted && this.#formatVersion > 1;
  }

  /** False where it is refused. */
  retry(instance: ModelInstance, grant: number): boolean {
    if (this.#isOverForGood) return false;
    const allowed =
      instance.status === 'failed' ||
      (instance.status === 'skipped' && !instance.skippedByCondition && !this.#isBlocked(instance));
    if (!allowed) return false;
    if (grant > 0) {
      if (this.task(instance.task).control?.mode !== 'loop') return false;
      const { grants } = instance.scope;
      grants.set(instance.task, (grants.get(instance.task) ?? 0) + grant);
    }
    this.#requeue(instance);
    return true;
  }

  #requeue(instance: ModelInstance): void {
    instance.status = 'pending';
    instance.repairs = 0;
    instance.failureKind = null;
    instance.resumeRecommended = false;
    instance.skippedByAbort = false;
    this.aborted = false;
    this.#completed = false;
  }

  abort(): void {
    const open = this.instances.filter((one) => one.status !== 'done' && !isBad(one.status));
    if (this.instances.every((one) => one.status === 'done')) return;
    for (const instance of open) {
      if (instance.attempts > 0) fail(instance, null, false);
      else instance.status = 'skipped';
    }
    for (const instance of open) {
      instance.skippedByAbort = instance.status === 'skipped' && !this.#isBlocked(instance);
    }
    this.aborted = true;
    this.#close();
  }

  task(id: string): TaskSpec {
    const task = this.#tasks.find((one) => one.id === id);
    if (!task) throw new Error(`no task ${id}`);
    return task;
  }
}

function fail(instance: ModelInstance, kind: FailureKind | null, resumeRecommended: boolean): void {
  instance.status = 'failed';
  instance.failureKind = kind;
  instance.resumeRecommended = resumeRecommended;
}

function isBad(status: InstanceStatus): boolean {
  return status === 'failed' || status === 'skipped';
}

function gatedTargets({ control }: TaskSpec): string[] {
  if (control === null) return [];
  if (control.mode === 'loop') return control.stop_targets;
  return control.routes.flatMap((route) => route.targets);
}

/** No task appears in the combined history as two different instances. */
function consistent(choice: readonly ModelInstance[]): boolean {
  const seen = new Map<string, ModelInstance>();
  const visit = (instance: ModelInstance): boolean => {
    const known = seen.get(instance.task);
    if (known !== undefined) return known === instance;
    seen.set(instance.task, instance);
    return [...instance.upstream.values()].every(visit);
  };
  return choice.every(visit);
}

function combinations<T>(lists: readonly T[][]): T[][] {
  return lists.reduce<T[][]>(
    (done, list) => done.flatMap((start) => list.map((item) => [...start, item])),
    [[]],
  );
}
