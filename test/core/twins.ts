/** Pairs the instances of the core with those of the reference model, by structure alone, and compares. */
import { scopeName } from '../../src/model/program.ts';
import type { InputScope, Instance, InterruptRecord } from '../../src/model/run.ts';
import {
  effectiveValues,
  nodeOf,
  runStatus,
  type RunState,
} from '../../src/core/state/run-state.ts';
import type { ReferenceModel } from './reference-model/model.ts';
import type { ModelInstance, ModelQuestion, ModelScope } from './reference-model/records.ts';
import { expectSame } from './same-records.ts';

export class Twins {
  readonly model: ReferenceModel;
  readonly #toModel = new Map<string, ModelInstance>();
  readonly #toCore = new Map<ModelInstance, string>();
  readonly #scopes = new Map<string, ModelScope>();

  constructor(model: ReferenceModel) {
    this.model = model;
  }

  /** Whether `match` has seen it in the core. */
  has(instance: ModelInstance): boolean {
    return this.#toCore.has(instance);
  }

  modelOf(id: string): ModelInstance {
    const twin = this.#toModel.get(id);
    if (!twin) throw new Error(`the model does not know ${id}`);
    return twin;
  }

  coreId(instance: ModelInstance): string {
    const id = this.#toCore.get(instance);
    if (id === undefined) throw new Error(`the core does not have ${describe(instance)}`);
    return id;
  }

  /** Whether both have the same instances in the same status, and all that follows from these. */
  compare(state: RunState): void {
    this.match(state);
    for (const [id, instance] of state.instances) {
      const twin = this.modelOf(id);
      const where = `${id} (${describe(twin)})`;
      expectSame(`status of ${where}`, instance.status, twin.status);
      expectSame(`attempts of ${where}`, instance.attempt, twin.attempts);
      expectSame(`session of ${where}`, instance.session_id, twin.session);
      const because = (why: string) =>
        instance.status === 'skipped' && instance.skip_reason === why;
      expectSame(`skipped by condition: ${where}`, because('condition'), twin.skippedByCondition);
      expectSame(`skipped by first n: ${where}`, because('first_n'), twin.skippedByFirstN);
      this.#compareGathered(instance, twin);
      if (twin.status === 'failed') {
        expectSame(`failure kind of ${where}`, instance.failure_kind, twin.failureKind);
        expectSame(`resumable ${where}`, instance.resume_recommended, twin.resumeRecommended);
      }
      if (instance.status === 'failed' || instance.status === 'skipped') {
        if (instance.error === null) throw new Error(`${where} has no error`);
      }
    }
    expectSame('run status', runStatus(state), this.model.runStatus());
    expectSame('aborted', state.aborted, this.model.aborted);
    const counts: Record<string, number> = { ...state.counts };
    for (const { status } of state.instances.values()) counts[status] = (counts[status] ?? 0) - 1;
    expectSame(
      'counts',
      Object.values(counts),
      Object.values(counts).map(() => 0),
    );
    for (const interrupt of this.model.interrupts) {
      const record = state.interrupts.get(interrupt.id);
      expectSame(
        `interrupt ${interrupt.id}`,
        record?.interrupt.status,
        this.model.interruptStatus(interrupt),
      );
    }
    for (const question of this.model.questions) {
      const record = this.questionOf(state, question);
      const status = question.closed ? 'closed' : question.answer === null ? 'open' : 'resolved';
      expectSame(`question about ${describe(question.head)}`, record?.interrupt.status, status);
    }
    const asked = this.model.interrupts.length + this.model.questions.length;
    expectSame('interrupts', state.interrupts.size, asked);
  }

  /** What the core asks a person about the items of a region. */
  questionOf(state: RunState, { head }: ModelQuestion): InterruptRecord | undefined {
    const regionId = this.coreId(head);
    return [...state.interrupts.values()].find(
      ({ interrupt }) => interrupt.metadata['region_id'] === regionId,
    );
  }

  /** Of one that is done: what it was given, as the model would have given it then, may have changed since. */
  #compareGathered(instance: Instance, twin: ModelInstance): void {
    const { model } = this;
    if (instance.status !== 'runnable' || instance.gathers === undefined) return;
    if (twin.scope.item?.region.task === twin.task) return;
    for (const dependency of model.task(twin.task).depends_on) {
      if (dependency.gather === undefined) continue;
      const scope = scopeName(dependency);
      const region = this.modelOf(instance.gathers[scope] ?? '');
      const entries = (region.items ?? []).map((item) => {
        const entry = model.entryOf(item, dependency.task);
        return entry === null ? null : this.coreId(entry);
      });
      const given = instance.gathered?.[scope]?.map(({ instance_id: id }) => id);
      expectSame(`what ${instance.instance_id} gathers of ${scope}`, given, entries);
    }
  }

  /** Pairs what the core made since the last time with what the model made; by structure alone. */
  match(state: RunState): void {
    const { model } = this;
    const all = [...model.regions, ...model.instances];
    const modelKeys = new Map<string, ModelInstance>();
    for (const one of all) {
      const up = [...one.upstream].map(([task, { number }]) => `${task}=${number}`).sort();
      modelKeys.set(`${one.task}@${one.scope.number}:${up.join()}`, one);
    }
    if (modelKeys.size !== all.length) throw new Error('the model made one twice');
    // In the order in which they came to be: regions among instances.
    for (const id of state.links.keys()) {
      if (this.#toModel.has(id)) continue;
      const instance = nodeOf(state, id);
      const bound = { ...instance.dependency_instances, ...instance.gathers };
      const where = `${instance.task_id} in ${instance.input_scope_id}`;
      const scope = this.#scopeOf(state, instance.input_scope_id);
      const task = model.task(instance.task_id);
      expectSame(
        `dependency names of ${where}`,
        Object.keys(bound).sort(),
        task.depends_on.map(scopeName).sort(),
      );
      const up = new Map(
        task.depends_on.map((dependency) => {
          const twin = this.modelOf(bound[scopeName(dependency)] ?? '');
          const wanted = model.boundTask(dependency);
          expectSame(`task of dependency ${dependency.task} of ${where}`, twin.task, wanted);
          return [wanted, twin];
        }),
      );
      const parts = [...up].map(([name, { number }]) => `${name}=${number}`).sort();
      const twin = modelKeys.get(`${task.id}@${scope.number}:${parts.join()}`);
      if (!twin) {
        throw new Error(`only the core has ${where} bound to ${[...up.values()].map(describe)}`);
      }
      expectSame(
        `activation of ${where}`,
        instance.activation_bindings,
        Object.fromEntries(activatorsOf(twin).map((one) => [one.task, this.coreId(one)])),
      );
      if (this.#toCore.has(twin)) throw new Error(`the core made ${where} twice`);
      this.#toModel.set(id, twin);
      this.#toCore.set(twin, id);
    }
    const missing = all.filter((one) => !this.#toCore.has(one));
    if (missing.length > 0)
      throw new Error(`only the model has ${missing.map(describe).join('; ')}`);
    expectSame('number of instances', state.instances.size, model.instances.length);
    expectSame('number of scopes', state.scopes.size, model.scopes.length);
    expectSame('number of regions', state.regions.size, model.regions.length);
  }

  #findScope(state: RunState, scope: InputScope): ModelScope | undefined {
    const item = state.scopeIndex.get(scope.input_scope_id)?.item;
    if (item?.scopeId === scope.input_scope_id) {
      expectSame('the item of a scope', scope.item?.index, item.index);
      return this.modelOf(item.region.region_id).items?.[item.index];
    }
    const creator = scope.created_by_instance_id;
    const createdBy = creator === null ? null : this.modelOf(creator);
    return this.model.scopes.find((one) => one.item === null && one.createdBy === createdBy);
  }

  #scopeOf(state: RunState, scopeId: string): ModelScope {
    const known = this.#scopes.get(scopeId);
    if (known) return known;
    const scope = state.scopes.get(scopeId);
    if (!scope) throw new Error(`no scope ${scopeId}`);
    const twin = this.#findScope(state, scope);
    if (!twin) throw new Error(`only the core has scope ${scopeId}`);
    this.#scopes.set(scopeId, twin);
    const parent = scope.parent_input_scope_id;
    expectSame('parent scope', parent === null ? null : this.#scopeOf(state, parent), twin.parent);
    expectSame('seeds', scope.seed_task_ids, twin.seeds);
    expectSame('values', effectiveValues(state, scopeId), twin.values);
    return twin;
  }
}

/** The controller that chose the instance's task, or that opened the scope of which it is a seed. */
function activatorsOf(instance: ModelInstance): ModelInstance[] {
  const { createdBy, seeds, item } = instance.scope;
  if (item?.region.task === instance.task) return activatorsOf(item.region);
  if (createdBy && seeds.includes(instance.task)) return [createdBy];
  return [...instance.upstream.values()].filter((one) => one.chosen.has(instance.task));
}

function describe(instance: ModelInstance): string {
  const up = [...instance.upstream.values()].map((one) => `${one.task}@${one.scope.number}`);
  return `${instance.task}@${instance.scope.number}(${up.join(', ')})`;
}
