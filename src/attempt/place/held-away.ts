/** Places of a task that a worker before it has moved: a sandbox opened there would be open where nobody meant it to be. */
import path from 'node:path';
import { backendOf } from '../../agents/backends.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import { taskOf, type RunState } from '../../core/state/run-state.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { Instance } from '../../model/run.ts';
import type { Workspaces } from '../../program/workspaces.ts';

/** Why no sandbox may be opened where the author's words lead to by now; null: it may, or there is none. */
export function heldAway(
  state: RunState,
  instance: Instance,
  workspaces: Workspaces,
  tree: string | null,
): string | null {
  const { agent, sandbox } = effectiveAgent(state.plan.project, taskOf(state, instance));
  const isHeld = backendOf(agent.backend).can.sandbox || agent.wrap === 'sandbox';
  return isHeld && sandbox === 'workspace-write' ? ledAway(workspaces, tree) : null;
}

/**
 * Which of these a link leads out of a place that it is named below; null: none. Whoever works in that place may have made
 * the link, and would choose what the sandbox of the next one opens. `tree`: what all of them lie in, if anything.
 */
function ledAway(
  { projectWorkspaceDir, cwd, extraRoots }: Workspaces,
  tree: string | null,
): string | null {
  const bases = [projectWorkspaceDir, cwd, ...extraRoots, ...(tree === null ? [] : [tree])];
  for (const place of [cwd, ...extraRoots]) {
    const real = realPathOf(place);
    const left = bases.find((base) => isBelow(place, base) && !isBelow(real, realPathOf(base)));
    if (left === undefined) continue;
    return `${place} leads out of ${left}, to ${real}: whoever works there could have made that link. Name the directory itself`;
  }
  return null;
}

function isBelow(place: string, base: string): boolean {
  return place === base || place.startsWith(base.endsWith(path.sep) ? base : base + path.sep);
}
