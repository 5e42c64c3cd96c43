/**
 * Sections 5, 6, 8.4, 11 and 17 of the contract, and what section 18 says of checks, repair and attempts that stand
 * still, written as plainly as possible: slow, without indices, and obviously right. It looks at every scope, every task
 * and every combination of upstream instances again and again until nothing changes. The planner is compared with it; it
 * shares no code with the planner. Usage limits and budgets have models of their own: limits-model.ts, plan/budgets.test.ts.
 */
import type { Json, JsonObject } from '../../../src/model/json.ts';
import type { Dependency, TaskSpec } from '../../../src/model/program.ts';
import type {
  FailureKind,
  InstanceStatus,
  InterruptStatus,
  RunPlan,
  RunStatus,
} from '../../../src/model/run.ts';
import { Conditions } from './conditions.ts';
import { Places } from './places.ts';
import type {
  Choice,
  ModelInstance,
  ModelInterrupt,
  ModelQuestion,
  ModelScope,
  Outcome,
} from './records.ts';

export class ReferenceModel {
  readonly scopes: ModelScope[] = [];
  readonly instances: ModelInstance[] = [];
  readonly interrupts: ModelInterrupt[] = [];
  readonly questions: ModelQuestion[] = [];
  /** Heads of regions that have been opened: they are no instances any more. */
  readonly regions: ModelInstance[] = [];
  aborted = false;
  #completed = false;
  /** Choices that were refused because their histories differ; only counted. */
  conflicts = 0;
  readonly #tasks: TaskSpec[];
  readonly #places: Places;
  readonly #conditions: Conditions;
  readonly #formatVersion: number;
  readonly #yesItems: number;
  #made = 0;

  constructor({ tasks, user_inputs: inputs, format_version, yes_items = 0 }: RunPlan) {
    this.#tasks = Object.values(tasks);
    this.#places = new Places(this.#tasks);
    this.#conditions = new Conditions(this.#places);
    this.#formatVersion = format_version;
    this.#yesItems = yes_items;
    this.scopes.push({
      number: 0,
      parent: null,
      seeds: [],
      body: new Set(Object.keys(tasks)),
      values: inputs,
      createdBy: null,
      grants: new Map(),
      item: null,
      around: [],
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
          if (scope.body.has(task.id) && this.#standsIn(task, scope)) {
            this.#createInstancesOf(task, scope);
          }
        }
      }
    }
  }

  #createInstancesOf(task: TaskSpec, scope: ModelScope): void {
    const gathered = new Set(
      task.depends_on.flatMap((each) => (each.gather ? [this.#places.boundTask(each)] : [])),
    );
    const upstreamTasks = [...new Set(task.depends_on.map((each) => this.#places.boundTask(each)))];
    if (upstreamTasks.length === 0) {
      if (scope.parent === null || scope.seeds.includes(task.id)) {
        this.#createInstance(task, scope, new Map());
      }
      return;
    }
    const controller = this.#tasks.find((other) => gatedTargets(other).includes(task.id));
    for (const choice of combinations(
      upstreamTasks.map((up) => this.#candidates(up, scope, gathered.has(up))),
    )) {
      if (!this.#isConsistent(choice)) {
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

  /** `asRegion`: the heads of regions, whether these have been opened or not. */
  #candidates(upstreamTask: string, scope: ModelScope, asRegion: boolean): ModelInstance[] {
    const inScope = (each: ModelScope) =>
      [...this.regions, ...this.instances].filter(
        (one) => one.task === upstreamTask && one.scope === each && this.isHead(one) === asRegion,
      );
    if (scope.body.has(upstreamTask)) return inScope(scope);
    for (let outer = scope.parent; outer !== null; outer = outer.parent) {
      const found = inScope(outer);
      if (found.length > 0) return found;
    }
    return [];
  }

  #createInstance(task: TaskSpec, scope: ModelScope, upstream: Map<string, ModelInstance>): void {
    const exists = [...this.regions, ...this.instances].some(
      (one) =>
        one.task === task.id &&
        one.scope === scope &&
        [...upstream].every(([name, instance]) => one.upstream.get(name) === instance),
    );
    if (exists) return;
    this.#add(task, scope, upstream);
  }

  /** No task, and no region, appears in the combined history as two different ones. */
  #isConsistent(choice: readonly ModelInstance[]): boolean {
    const seen = new Map<string, ModelInstance>();
    const visit = (instance: ModelInstance): boolean => {
      const name = this.isHead(instance) ? `region ${instance.task}` : instance.task;
      const known = seen.get(name);
      if (known !== undefined) return known === instance;
      seen.set(name, instance);
      return [...instance.upstream.values()].every(visit);
    };
    return choice.every(visit);
  }

  #add(task: TaskSpec, scope: ModelScope, upstream: Map<string, ModelInstance>): void {
    this.instances.push({
      number: this.#made++,
      task: task.id,
      scope,
      upstream,
      items: null,
      taken: 0,
      status: 'pending',
      attempts: 0,
      session: null,
      failureKind: null,
      resumeRecommended: false,
      repairs: 0,
      stalls: 0,
      stoodStill: false,
      chosen: new Set(),
      skippedByAbort: false,
      skippedByCondition: false,
      skippedByFirstN: false,
      skippedByStop: false,
      held: false,
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
        const next = this.#nextStatus(instance);
        if (next === before) continue;
        if (before === 'skipped') this.#losePlaces(instance);
        if (before === 'skipped') instance.skippedByStop = false;
        instance.status = next;
        if (next === 'runnable') this.#takePlaces(instance);
        changed = true;
      }
      for (const head of this.instances.filter((one) => this.isHead(one))) {
        if (this.#open(head)) changed = true;
      }
      this.createInstances();
      if (!changed) changed = this.#letIn();
    }
  }

  #nextStatus(instance: ModelInstance): InstanceStatus {
    const blocked = this.#isBlocked(instance);
    instance.held = false;
    switch (instance.status) {
      case 'pending':
        if (this.#isPastFirstN(instance)) {
          instance.skippedByFirstN = true;
          return 'skipped';
        }
        if (blocked) return 'skipped';
        if (!this.#isSettledAbove(instance)) return 'pending';
        // See `open`.
        if (this.isHead(instance)) return 'pending';
        if (instance.attempts === 0) {
          const judged = this.#beforeItStarts(instance);
          if (judged !== null) return judged;
        }
        if (this.#mustNotBegin(instance)) return this.#stopped(instance);
        if (this.#openBlocking(instance).length > 0) return 'waiting';
        instance.held = instance.scope.around.some((item) => !this.#hasPlace(item));
        return instance.held ? 'pending' : 'runnable';
      case 'skipped':
        return blocked || this.#staysSkipped(instance) ? 'skipped' : 'pending';
      case 'waiting':
        if (this.#mustNotBegin(instance)) return this.#stopped(instance);
        return this.#openBlocking(instance).length > 0 ? 'waiting' : 'runnable';
      case 'runnable':
        return this.#mustNotBegin(instance) ? this.#stopped(instance) : 'runnable';
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

  #stopped(instance: ModelInstance): InstanceStatus {
    instance.skippedByStop = true;
    return 'skipped';
  }

  #staysSkipped(instance: ModelInstance): boolean {
    const { skippedByAbort, skippedByCondition, skippedByFirstN } = instance;
    const isForGood = skippedByAbort || skippedByCondition || skippedByFirstN;
    return isForGood || this.#mustNotBegin(instance);
  }

  #isSettledAbove(instance: ModelInstance): boolean {
    return this.task(instance.task).depends_on.every((dependency) => {
      const up = this.#upOf(instance, dependency);
      if (up.items !== null && dependency.gather) {
        const isOver = up.items.every((item) => this.#isOver(item, dependency.task));
        return isOver && !this.#mayBeMore(instance, dependency.task, up);
      }
      return up.status === 'done' || this.#isExcused(instance, up);
    });
  }

  #isBlocked(instance: ModelInstance): boolean {
    return this.task(instance.task).depends_on.some((dependency) => {
      const up = this.#upOf(instance, dependency);
      if (up.items !== null && dependency.gather) {
        return (
          dependency.gather === 'all' && up.items.some((item) => this.#bars(item, dependency.task))
        );
      }
      return isBad(up.status) && !this.#isExcused(instance, up);
    });
  }

  #upOf(instance: ModelInstance, dependency: Dependency): ModelInstance {
    const up = instance.upstream.get(this.#places.boundTask(dependency));
    if (!up) throw new Error(`${instance.task} is not bound to ${dependency.task}`);
    return up;
  }

  // ---- section 17: regions -------------------------------------------------------------------------

  /** Whether the instance stands for a region, which is not open yet or was. */
  isHead({ task, scope }: ModelInstance): boolean {
    const { for_each } = this.task(task);
    return for_each !== undefined && this.#depthOf(task) === scope.around.length + 1;
  }

  /** See `Places`. */
  boundTask(dependency: Dependency): string {
    return this.#places.boundTask(dependency);
  }

  #standsIn(task: TaskSpec, scope: ModelScope): boolean {
    const depth = scope.around.length;
    if (!this.#places.hasRegions) return true;
    // The first of an item comes with the item.
    if (scope.item?.region.task === task.id) return false;
    const opens = task.for_each !== undefined && this.#depthOf(task.id) === depth + 1;
    return opens || this.#depthOf(task.id) === depth;
  }

  #depthOf(task: string): number {
    return this.#places.stackOf(task).length;
  }

  /** Opens the region, where all above it is settled and its list may be used: items take the place of the head. */
  #open(head: ModelInstance): boolean {
    const { for_each: forEach } = this.task(head.task);
    if (head.status !== 'pending' || this.#isBlocked(head) || !this.#isSettledAbove(head))
      return false;
    if (forEach === undefined || this.aborted) return false;
    const list =
      typeof forEach.items === 'string'
        ? this.#conditions.valueOf(head, forEach.items)
        : forEach.items;
    if (!Array.isArray(list) || list.length > forEach.max_items || !haveKeys(list, forEach.key)) {
      fail(head, 'items', false);
      return true;
    }
    let taken = list.length;
    if (forEach.ask_above !== null && list.length > Math.max(forEach.ask_above, this.#yesItems)) {
      const asked = this.questions.find((one) => one.head === head);
      if (asked === undefined) this.questions.push({ head, answer: null, closed: false });
      if (asked === undefined || asked.answer === null) return false;
      taken = Math.min(taken, asked.answer);
    }
    this.instances.splice(this.instances.indexOf(head), 1);
    this.regions.push(head);
    head.taken = taken;
    head.items = list.map((value, index) => this.#itemOf(head, value, index, forEach.as));
    for (const scope of head.items) this.#add(this.task(head.task), scope, head.upstream);
    return true;
  }

  #itemOf(head: ModelInstance, value: Json, index: number, as: string): ModelScope {
    const scope: ModelScope = {
      number: this.scopes.length,
      parent: head.scope,
      seeds: [head.task],
      body: this.#places.bodyOf([head.task], this.#places.stackOf(head.task)),
      values: { ...head.scope.values, [as]: value, [`${as}_index`]: index },
      createdBy: null,
      grants: new Map(),
      item: { region: head, index, hasPlace: false },
      around: [],
    };
    scope.around = [scope, ...head.scope.around];
    this.scopes.push(scope);
    return scope;
  }

  /** All instances within an item, those of loops and regions in it, too. */
  #within(item: ModelScope): ModelInstance[] {
    return this.instances.filter((one) => one.scope.around.includes(item));
  }

  #leading(item: ModelScope, task: string): ModelInstance[] {
    const leading = this.#places.leadingTo(task, item.item?.region.task ?? '');
    return this.#within(item).filter((one) => leading.has(one.task));
  }

  /** Nothing that leads to the gathered task, or is of it, is unfinished in the item. */
  #isOver(item: ModelScope, task: string): boolean {
    return this.#leading(item, task).every((one) => one.status === 'done' || isBad(one.status));
  }

  /** Something outside of the items, which is above the gathered task, may yet be chosen: items may wait for it. */
  #mayBeMore(gatherer: ModelInstance, task: string, region: ModelInstance): boolean {
    const inItems = this.#places.leadingTo(task, region.task);
    const outside = this.#places.above(task).filter((id) => !inItems.has(id));
    return this.#tasks
      .filter((other) => gatedTargets(other).some((target) => outside.includes(target)))
      .flatMap(({ id }) => this.#candidates(id, gatherer.scope, false))
      .some(({ status }) => status !== 'done' && !isBad(status));
  }

  /** What the item has for whoever gathers the task: its latest instance. */
  entryOf(item: ModelScope, task: string): ModelInstance | null {
    return this.#within(item).findLast((one) => one.task === task) ?? null;
  }

  /** Where all are needed: it failed, or was skipped for another reason than its condition or a person's wish. */
  #bars(item: ModelScope, task: string): boolean {
    const isMissed = (one: ModelInstance) =>
      isBad(one.status) && !one.skippedByCondition && !one.skippedByFirstN;
    const entry = this.entryOf(item, task);
    if (entry !== null) return isMissed(entry);
    return this.#isOver(item, task) && this.#leading(item, task).some(isMissed);
  }

  #isPastFirstN({ task, scope }: ModelInstance): boolean {
    const { item } = scope;
    return item !== null && item.region.task === task && item.index >= item.region.taken;
  }

  /** In an item that has not begun, of a region of which too many items have failed: nothing in it is run. */
  #mustNotBegin({ scope }: ModelInstance): boolean {
    return scope.around.some((around) => {
      const { stop_after: limit = null } = this.#forEachOf(around) ?? {};
      const { items } = around.item?.region ?? { items: null };
      if (limit === null || this.#within(around).some((one) => one.attempts > 0)) return false;
      const failed = (items ?? []).filter((item) =>
        this.#within(item).some(({ status }) => status === 'failed'),
      );
      return failed.length >= limit;
    });
  }

  /** An item that has begun keeps its place until nothing in it is unfinished. */
  #hasPlace(item: ModelScope): boolean {
    const isBounded = (this.#forEachOf(item)?.max_parallel ?? null) !== null;
    return !isBounded || this.#isAtWork(item);
  }

  #isAtWork(item: ModelScope): boolean {
    if (item.item?.hasPlace !== true) return false;
    return this.#within(item).some(({ status }) => status !== 'done' && !isBad(status));
  }

  #takePlaces({ scope }: ModelInstance): void {
    for (const { item } of scope.around) if (item) item.hasPlace = true;
  }

  /** What goes back into an item in which all is over has to wait for a place again. */
  #losePlaces({ scope }: ModelInstance): void {
    for (const around of scope.around) {
      if (around.item && !this.#isAtWork(around)) around.item.hasPlace = false;
    }
  }

  /** Lets one item in, the first of its region for which there is room. */
  #letIn(): boolean {
    for (const { items } of this.regions) {
      for (const item of items ?? []) {
        if (this.#hasPlace(item) || !this.#hasRoom(item)) continue;
        const first = this.#within(item).find(
          ({ held, scope }) =>
            held && scope.around.every((each) => this.#hasPlace(each) || this.#hasRoom(each)),
        );
        if (first === undefined) continue;
        first.status = 'runnable';
        first.held = false;
        this.#takePlaces(first);
        return true;
      }
    }
    return false;
  }

  #hasRoom(item: ModelScope): boolean {
    const limit = this.#forEachOf(item)?.max_parallel ?? Infinity;
    const others = item.item?.region.items ?? [];
    return others.filter((each) => this.#isAtWork(each)).length < limit;
  }

  #forEachOf({ item }: ModelScope): TaskSpec['for_each'] {
    return item === null ? undefined : this.task(item.region.task).for_each;
  }

  /** A person answers how many items they want. */
  answer(head: ModelInstance, wanted: number): void {
    for (const question of this.questions) if (question.head === head) question.answer = wanted;
  }

  // ---- section 17: conditions, and controllers that decide by rules ---------------------------------

  /** Where a condition or a rule settles an instance that could start: in which status; null: it may start. */
  #beforeItStarts(instance: ModelInstance): InstanceStatus | null {
    const { when, control } = this.task(instance.task);
    const holds = when === undefined ? true : this.#conditions.holds(instance, when);
    if (holds === 'unknown') return this.#failsUnstarted(instance, 'condition');
    if (!holds) {
      instance.skippedByCondition = true;
      return 'skipped';
    }
    if (control?.decide === undefined) return null;
    for (const rule of control.decide) {
      const ruleHolds =
        rule.when === undefined ? true : this.#conditions.holds(instance, rule.when);
      if (ruleHolds === 'unknown') return this.#failsUnstarted(instance, 'condition');
      if (!ruleHolds) continue;
      const choice = this.#conditions.choiceOf(instance, rule);
      if (choice === null) return this.#failsUnstarted(instance, 'condition');
      if (this.#pastLimit(instance, choice)) return this.#failsUnstarted(instance, 'loop_limit');
      instance.status = 'done';
      this.#choose(instance, choice);
      // Nobody is ready before what this makes possible is there: it may lead to what they gather.
      this.createInstances();
      return 'done';
    }
    return this.#failsUnstarted(instance, 'condition');
  }

  #failsUnstarted(instance: ModelInstance, kind: FailureKind): InstanceStatus {
    fail(instance, kind, false);
    return 'failed';
  }

  /** In runs of format 1 no event closes a question: there, none is asked while the run is aborted. */
  interruptStatus({ status }: ModelInterrupt): InterruptStatus {
    return status === 'open' && this.aborted && this.#formatVersion === 1 ? 'closed' : status;
  }

  runStatus(): RunStatus {
    const any = (status: InstanceStatus) => this.instances.some((one) => one.status === status);
    if (any('running')) return 'running';
    if (any('failed') || this.aborted) return 'failed';
    const isAsked = this.questions.some(({ answer, closed }) => answer === null && !closed);
    if (any('waiting') || isAsked) return 'waiting';
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
    instance.stoodStill = outcome.process === 'stalled';
    const unheard = this.#interruptsOf(instance).filter(
      (interrupt) =>
        interrupt.blocking && interrupt.status !== 'applied' && interrupt.status !== 'closed',
    );
    if (outcome.process === 'session_lost') {
      instance.session = null;
      instance.status = this.#openBlocking(instance).length > 0 ? 'waiting' : 'pending';
    } else if (unheard.length > 0) {
      instance.status = 'waiting';
    } else if (outcome.process === 'stalled') {
      // Section 18: it goes on where it was. Twice in a row no test has it stand still.
      instance.stalls += 1;
      instance.status = 'runnable';
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
    } else if (outcome.checks.includes(false)) {
      this.#repair(instance, 'check_failed');
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
        body: this.#places.bodyOf(
          control.continue_targets,
          this.#places.stackOf(instance.task).slice(0, instance.scope.around.length),
        ),
        values: { ...instance.scope.values, ...choice.inputs },
        createdBy: instance,
        grants: new Map(),
        item: null,
        around: instance.scope.around,
      });
    }
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
    if (this.isHead(interrupt.instance)) return false;
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
    for (const each of this.questions) if (each.answer === null) each.closed = true;
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
      (instance.status === 'skipped' &&
        !instance.skippedByCondition &&
        !instance.skippedByFirstN &&
        !instance.skippedByStop &&
        !this.#isBlocked(instance));
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
    this.#losePlaces(instance);
    instance.status = 'pending';
    instance.repairs = 0;
    instance.stalls = 0;
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
    return this.#places.task(id);
  }
}

/** Whether each item has a key, and none that of another, whatever the case. */
function haveKeys(list: readonly Json[], key: string | null): boolean {
  if (key === null) return true;
  const keys = list.map((item) => (item as JsonObject | null)?.[key]);
  const texts = keys.map((each) => String(each).toLowerCase());
  return keys.every((each) => typeof each === 'string') && new Set(texts).size === texts.length;
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

function combinations<T>(lists: readonly T[][]): T[][] {
  return lists.reduce<T[][]>(
    (done, list) => done.flatMap((start) => list.map((item) => [...start, item])),
    [[]],
  );
}
