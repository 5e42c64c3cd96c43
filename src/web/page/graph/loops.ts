/**
 * The loops of a graph, and which instance of a task to show: a loop is drawn once, and a person steps
 * through its passes, instead of a box for every instance. Pure.
 */
import type { ScopeView } from '../../api/scope.ts';
import type { TaskSpec } from '../../../model/program.ts';
import type { Instance } from '../../../model/run.ts';

export interface Loop {
  /** The controller; names the loop. */
  controller: string;
  /** What a pass runs: from the seeds to the controller, with what else descends from the seeds. */
  body: Set<string>;
  seeds: string[];
  maxIterations: number | null;
  /** The loop around this one. */
  outer: string | null;
}

export function loopsOf(tasks: TaskSpec[]): Loop[] {
  const dependents = new Map<string, string[]>();
  for (const task of tasks) {
    for (const { task: upstream } of task.depends_on) {
      const list = dependents.get(upstream);
      if (list) list.push(task.id);
      else dependents.set(upstream, [task.id]);
    }
  }
  const reachable = (from: string[]): Set<string> => {
    const seen = new Set<string>();
    const left = [...from];
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      left.push(...(dependents.get(id) ?? []));
    }
    return seen;
  };
  const loops = tasks.flatMap((task): Loop[] => {
    const { control } = task;
    if (control?.mode !== 'loop') return [];
    const after = reachable(dependents.get(task.id) ?? []);
    const body = new Set([...reachable(control.continue_targets)].filter((id) => !after.has(id)));
    body.add(task.id);
    const seeds = control.continue_targets;
    return [
      { controller: task.id, body, seeds, maxIterations: control.max_iterations, outer: null },
    ];
  });
  for (const loop of loops) {
    const around = loops
      .filter((each) => each !== loop && each.body.size > loop.body.size && includes(each, loop))
      .sort((a, b) => a.body.size - b.body.size);
    loop.outer = around[0]?.controller ?? null;
  }
  return loops;
}

function includes(outer: Loop, inner: Loop): boolean {
  for (const id of inner.body) if (!outer.body.has(id)) return false;
  return true;
}

/** Loop controller → the pass to show, from 0; a loop that is not named shows its latest. */
export type PassChoice = ReadonlyMap<string, number>;

interface LoopPasses {
  shown: number;
  /** How many passes began. */
  count: number;
}

export interface ShownRun {
  /** Task → its instances in the chosen passes, oldest first. */
  instances: Map<string, Instance[]>;
  passes: Map<string, LoopPasses>;
}

/** Which instances a graph of tasks shows. */
export function shownInstances(
  loops: Loop[],
  instances: Instance[],
  scopes: ScopeView[],
  choice: PassChoice,
): ShownRun {
  const passOf = passCounter(loops, scopes);
  // Outer loops first: the passes of an inner one are those within the outer one's chosen pass.
  const ordered = [...loops].sort((a, b) => b.body.size - a.body.size);
  const byTask = new Map<string, Instance[]>();
  for (const instance of instances) {
    const list = byTask.get(instance.task_id);
    if (list) list.push(instance);
    else byTask.set(instance.task_id, [instance]);
  }
  const passes = new Map<string, LoopPasses>();
  for (const loop of ordered) {
    let count = 1;
    for (const id of loop.body) {
      for (const instance of byTask.get(id) ?? []) {
        if (!inChosenOuter(loop, instance)) continue;
        count = Math.max(count, passOf(loop, instance.input_scope_id) + 1);
      }
    }
    const wanted = choice.get(loop.controller);
    const shown = wanted === undefined ? count - 1 : Math.min(wanted, count - 1);
    passes.set(loop.controller, { shown, count });
    for (const id of loop.body) {
      const kept = (byTask.get(id) ?? []).filter(
        (each) => !inChosenOuter(loop, each) || passOf(loop, each.input_scope_id) === shown,
      );
      byTask.set(id, kept);
    }
  }
  return { instances: byTask, passes };

  function inChosenOuter(loop: Loop, instance: Instance): boolean {
    for (let outer = loop.outer; outer !== null;) {
      const around = loops.find(({ controller }) => controller === outer);
      const chosen = passes.get(outer);
      if (!around || !chosen) return true;
      if (passOf(around, instance.input_scope_id) !== chosen.shown) return false;
      outer = around.outer;
    }
    return true;
  }
}

/** The pass of a loop that a scope belongs to, from 0: an outer loop's next pass begins the inner anew. */
export function passCounter(
  loops: Loop[],
  scopes: ScopeView[],
): (loop: Loop, scopeId: string) => number {
  const scopeById = new Map(scopes.map((scope) => [scope.input_scope_id, scope]));
  const outerOf = new Map(loops.map((loop) => [loop.controller, loop.outer]));
  const known = new Map<string, number>();
  return (loop, scopeId) => {
    const key = `${loop.controller} ${scopeId}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const outers = new Set<string>();
    for (let outer = loop.outer; outer; outer = outerOf.get(outer) ?? null) outers.add(outer);
    let pass = 0;
    for (let scope = scopeById.get(scopeId); scope?.controller_task_id;) {
      if (outers.has(scope.controller_task_id)) break;
      if (scope.controller_task_id === loop.controller) pass += 1;
      scope = scopeById.get(scope.parent_input_scope_id ?? '');
    }
    known.set(key, pass);
    return pass;
  };
}

/** `gate:2,other:0` in an address. */
export function readPasses(text: string | null): PassChoice {
  return new Map(
    (text ?? '').split(',').flatMap((part): [string, number][] => {
      const [, id, pass] = /^(.+):(\d+)$/.exec(part) ?? [];
      return id !== undefined && pass !== undefined ? [[id, Number(pass)]] : [];
    }),
  );
}

export function writePasses(choice: PassChoice): string {
  return [...choice].map(([id, pass]) => `${id}:${pass}`).join(',');
}
