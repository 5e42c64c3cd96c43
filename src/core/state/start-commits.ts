/** Which commits led to an instance: section 16 of the contract. What of them is an ancestor of another, git knows. */
import type { Instance } from '../../model/run.ts';
import { gatheredBy } from './regions.ts';
import { instanceOf, linksOf, nodeOf, type RunState } from './run-state.ts';

export interface LeadingCommit {
  commit: string;
  instanceId: string;
  /** What it is to that instance: what it left, or the merge that it started from and passes on. */
  kind: 'commit' | 'start';
}

/**
 * The commits of its upstream instances, in their order, and of the one that opened the scope of which it is a seed;
 * each once. Instances that commit nothing pass on what led to them. `worktrees`: what was made elsewhere does not
 * count.
 */
export function leadingCommits(
  state: RunState,
  instanceId: string,
  worktrees: ReadonlySet<string>,
): LeadingCommit[] {
  const found = new Map<string, LeadingCommit>();
  const seen = new Set<string>();
  const pending = leadersOf(state, instanceId).reverse();
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const { workspace } = instanceOf(state, id);
    if (workspace !== undefined && worktrees.has(workspace.worktree)) {
      const { commit, start, parents } = workspace;
      if (commit !== null) {
        found.set(commit.commit, { commit: commit.commit, instanceId: id, kind: 'commit' });
        continue;
      }
      if (parents.length > 1) {
        found.set(start, { commit: start, instanceId: id, kind: 'start' });
        continue;
      }
    }
    pending.push(...leadersOf(state, id).reverse());
  }
  return [...found.values()];
}

function leadersOf(state: RunState, instanceId: string): string[] {
  const instance = instanceOf(state, instanceId);
  const { activation_bindings: activated } = instance;
  const { upstream: bound } = linksOf(state, instanceId);
  const upstream = bound.flatMap((id) =>
    state.regions.has(id) ? gatheredOf(state, instance, id) : [id],
  );
  const openers = Object.values(activated).filter((id) => !upstream.includes(id));
  return [...upstream, ...openers];
}

/** What was done of the items of a region, in their order; where nothing was, what led to the region. */
function gatheredOf(state: RunState, instance: Instance, regionId: string): string[] {
  const given = gatheredBy(state, instance);
  const done = Object.entries(instance.gathers ?? {}).flatMap(([scope, id]) =>
    id === regionId
      ? (given[scope] ?? []).flatMap((each) =>
          each.status === 'done' && each.instance_id !== null ? [each.instance_id] : [],
        )
      : [],
  );
  return done.length > 0 ? done : Object.values(nodeOf(state, regionId).dependency_instances);
}
