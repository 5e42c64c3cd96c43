/** Whether those that name one lock mean the same by it. Pure. */
import type { LockSpec, ProjectSpec, TaskSpec } from '../../model/program.ts';
import type { Add, RuleFinding } from './finding.ts';

interface Said {
  lock: LockSpec;
  /** For people: `task build`, or `agent tests`. */
  by: string;
}

/** `addTo`: for findings about `project`, or about `tasks.<id>`. */
export function checkLocks(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  addTo: (subject: string) => Add,
): void {
  const first = new Map<string, Said>();
  const check = (
    { locks = [] }: { locks?: readonly LockSpec[] },
    by: string,
    at: RuleFinding['path'],
    add: Add,
  ): void => {
    const names = new Set<string>();
    for (const [index, lock] of locks.entries()) {
      const path = [...at, 'locks', index];
      if (names.has(lock.name)) {
        add('error', 'lock.duplicate', path, `the lock "${lock.name}" is named twice`);
      }
      names.add(lock.name);
      const said = first.get(lock.name);
      if (said === undefined) first.set(lock.name, { lock, by });
      else if (said.lock.slots !== lock.slots || said.lock.scope !== lock.scope) {
        const [ours, theirs] = [lock, said.lock].map(meaning);
        const message = `the lock "${lock.name}" ${ours} here, and ${theirs} for ${said.by}`;
        add('error', 'lock.mismatch', path, message, 'All that name a lock say the same of it.');
      }
    }
  };
  for (const [name, agent] of Object.entries(project.agents)) {
    check(agent, `the agent "${name}"`, ['agents', name], addTo('project'));
  }
  for (const task of tasks) check(task, `task ${task.id}`, [], addTo(`tasks.${task.id}`));
}

function meaning({ slots, scope }: LockSpec): string {
  const reach = scope === 'user' ? 'over all runs of the user' : 'in the run';
  return `has ${slots} ${slots === 1 ? 'slot' : 'slots'} ${reach}`;
}
