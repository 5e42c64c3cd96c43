/** Where the tasks of the reference model stand: in which regions, one in the other. As plainly as possible. */
import type { Dependency, TaskSpec } from '../../../src/model/program.ts';

export class Places {
  readonly #tasks: readonly TaskSpec[];
  readonly hasRegions: boolean;
  readonly #byId: ReadonlyMap<string, TaskSpec>;
  /** Only so that they are not worked out a thousand times. */
  readonly #stacks = new Map<string, string[]>();

  constructor(tasks: readonly TaskSpec[]) {
    this.#tasks = tasks;
    this.hasRegions = tasks.some(({ for_each: forEach }) => forEach !== undefined);
    this.#byId = new Map(tasks.map((task) => [task.id, task]));
  }

  /** The regions in which its ordinary instances stand, the outermost first; the one that it opens itself is the last. */
  stackOf(id: string): string[] {
    const known = this.#stacks.get(id) ?? this.#findStack(id);
    this.#stacks.set(id, known);
    return known;
  }

  #findStack(id: string): string[] {
    const task = this.task(id);
    const leads = task.depends_on.map((dependency) => {
      const from = this.stackOf(dependency.task);
      return dependency.gather === undefined ? from : from.slice(0, -1);
    });
    const deepest = leads.reduce((most, lead) => (lead.length > most.length ? lead : most), []);
    return task.for_each === undefined ? deepest : [...deepest, id];
  }

  /** The task whose instance, or region, the dependency binds to. */
  boundTask({ task, gather }: Dependency): string {
    return gather === undefined ? task : (this.stackOf(task).at(-1) ?? '');
  }

  /** `stack`: of the one that repeats it, or whose items have it. Of a region the body has all or nothing. */
  bodyOf(seeds: readonly string[], stack: readonly string[]): Set<string> {
    const body = new Set(seeds);
    for (let before = -1; before !== body.size;) {
      before = body.size;
      for (const { id, depends_on } of this.#tasks) {
        const descends = depends_on.some((dependency) => body.has(dependency.task));
        if (descends && this.#isWithin(id, stack) && this.#hasRegions(body, id, stack))
          body.add(id);
      }
    }
    return body;
  }

  /** The task and all that it depends on, as far as that has instances in the items of the region. */
  leadingTo(id: string, region: string): Set<string> {
    const stack = this.stackOf(region);
    const found = new Set([id]);
    for (const each of found) {
      for (const { task } of this.task(each).depends_on) {
        if (this.#isWithin(task, stack)) found.add(task);
      }
    }
    return found;
  }

  /** All that the task depends on, and what that does. */
  above(id: string): string[] {
    const found = new Set([id]);
    for (const each of found) for (const { task } of this.task(each).depends_on) found.add(task);
    return [...found];
  }

  task(id: string): TaskSpec {
    const task = this.#byId.get(id);
    if (!task) throw new Error(`no task ${id}`);
    return task;
  }

  #hasRegions(body: ReadonlySet<string>, id: string, stack: readonly string[]): boolean {
    const between = this.stackOf(id).slice(stack.length);
    return between.every((region) => region === id || body.has(region));
  }

  #isWithin(id: string, stack: readonly string[]): boolean {
    const own = this.stackOf(id);
    return stack.every((region, depth) => own[depth] === region);
  }
}
