/**
 * Places of a task that a worker before it has moved: a sandbox opened there would be open where nobody meant it to be, and
 * a command that nothing holds would do there what it was to do elsewhere.
 */
import path from 'node:path';
import { backendOf } from '../../agents/backends.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import { taskOf, type RunState } from '../../core/state/run-state.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import type { TaskSpec } from '../../model/program.ts';
import type { Instance, RunPlan } from '../../model/run.ts';
import type { Workspaces } from '../../program/workspaces.ts';

export type HeldPlace =
  /** `begins`: for the order; where it must begin, because somebody may make a link until then, or nothing. */
  | { ok: true; begins: Pick<AttemptOrder, 'realCwd'> }
  /** No attempt may begin where the author's words lead to by now. */
  | { ok: false; why: string };

export function heldPlace(
  state: RunState,
  instance: Instance,
  workspaces: Workspaces,
  tree: string | null,
): HeldPlace {
  const how = holdOf(state.plan, taskOf(state, instance));
  const isLed = how === 'writes' || (how === 'free' && hasHeldWriter(state.plan));
  if (!isLed) return { ok: true, begins: {} };
  const realCwd = realPathOf(workspaces.cwd);
  const why = ledAway(workspaces, realCwd, tree);
  return why === null ? { ok: true, begins: { realCwd } } : { ok: false, why };
}

type Hold = 'reads' | 'writes' | 'free';

/** What a sandbox leaves to who works on the task; `free`: nothing holds it. */
function holdOf({ project }: RunPlan, task: TaskSpec): Hold {
  const { agent, sandbox } = effectiveAgent(project, task);
  const isHeld = backendOf(agent.backend).can.sandbox || agent.wrap === 'sandbox';
  if (!isHeld || sandbox === 'danger-full-access') return 'free';
  return sandbox === 'read-only' ? 'reads' : 'writes';
}

/** By plan: many attempts ask for the same. */
const known = new WeakMap<RunPlan, boolean>();

/** Whether somebody is held in this run who could make a link. */
function hasHeldWriter(plan: RunPlan): boolean {
  const found =
    known.get(plan) ?? Object.values(plan.tasks).some((task) => holdOf(plan, task) === 'writes');
  known.set(plan, found);
  return found;
}

/**
 * Which of these a link leads out of a place that it is named below; null: none. Whoever works in that place may have made
 * the link, and would choose what the sandbox of the next one opens. `tree`: what all of them lie in, if anything.
 */
function ledAway(
  { projectWorkspaceDir, cwd, extraRoots }: Workspaces,
  realCwd: string,
  tree: string | null,
): string | null {
  const bases = [projectWorkspaceDir, cwd, ...extraRoots, ...(tree === null ? [] : [tree])];
  for (const place of [cwd, ...extraRoots]) {
    const real = place === cwd ? realCwd : realPathOf(place);
    const left = bases.find((base) => isBelow(place, base) && !isBelow(real, realPathOf(base)));
    if (left === undefined) continue;
    return `${place} leads out of ${left}, to ${real}: whoever works there could have made that link. Name the directory itself`;
  }
  return null;
}

function isBelow(place: string, base: string): boolean {
  return place === base || place.startsWith(base.endsWith(path.sep) ? base : base + path.sep);
}
