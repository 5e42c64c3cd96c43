/** What instances changed in working trees that they share with others, as it was recorded before and after them. */
import { instanceOf, taskOf, type RunState } from '../../core/state/run-state.ts';
import type { GitPlace } from '../../git/git.ts';
import { seePlaceOf, seeTree, storeOf } from '../../git/seen.ts';
import type { AttemptRecord, Instance } from '../../model/run.ts';
import { treeDefaults, treeOf } from '../../model/trees.ts';
import type { SeeContext } from './see-work.ts';

export interface SharedChange {
  place: GitPlace;
  /** Absolute: the top of the working tree. */
  worktree: string;
  from: string;
  to: string;
  /** Instances that were at work there meanwhile, in the order in which they came to be. */
  sharedWith: string[];
}

/**
 * Of an instance, from before its first attempt to now, or to its end; null: nothing was recorded. `since`: from before
 * the first attempt that was at work after that, ISO 8601 in UTC.
 */
export async function sharedChange(
  context: SeeContext,
  instanceId: string,
  since: string | null = null,
): Promise<SharedChange | null> {
  const instance = instanceOf(context.state, instanceId);
  const seen = instance.attempts.filter((each) => each.seen !== undefined);
  const last = seen.at(-1)?.seen;
  if (last === undefined) return null;
  const first = seen.find((each) => since === null || isAfter(each, since))?.seen;
  const { worktree } = first ?? last;
  const from = first?.before ?? last.after ?? last.before;
  const isAtWork = instance.status === 'running' && last.after === null;
  const to = last.after ?? (isAtWork ? await treeOfNow(context, worktree) : null);
  if (to === null) return null;
  const place = storeOf(context.paths.treesDir, worktree);
  return { place, worktree, from, to, sharedWith: atWorkWith(context.state, instance, worktree) };
}

/**
 * Of all instances, one for each working tree: from before the first of them to after the last. `since`: of those that
 * were at work after that, ISO 8601 in UTC.
 */
export function sharedChanges(
  { state, paths }: SeeContext,
  since: string | null = null,
): SharedChange[] {
  const found = new Map<string, { from: AttemptRecord; to: AttemptRecord | null }>();
  for (const { attempts } of state.instances.values()) {
    for (const attempt of attempts) {
      const { seen } = attempt;
      if (seen === undefined) continue;
      if (since !== null && !isAfter(attempt, since)) continue;
      const known = found.get(seen.worktree) ?? { from: attempt, to: null };
      const isFirst = attempt.started_at < known.from.started_at;
      const isLast =
        seen.after !== null && (attempt.finished_at ?? '') > (known.to?.finished_at ?? '');
      found.set(seen.worktree, {
        from: isFirst ? attempt : known.from,
        to: isLast ? attempt : known.to,
      });
    }
  }
  return [...found].flatMap(([worktree, { from, to }]) => {
    const [before, after] = [from.seen?.before, to?.seen?.after];
    if (before === undefined || after === undefined || after === null) return [];
    const place = storeOf(paths.treesDir, worktree);
    return [{ place, worktree, from: before, to: after, sharedWith: [] }];
  });
}

async function treeOfNow({ git, paths, state }: SeeContext, worktree: string) {
  const place = await seePlaceOf(git, worktree);
  if (place === null) return null;
  const { max_file_mb: most } = { ...treeDefaults, ...state.plan.project.tree };
  return seeTree(git, paths.treesDir, place, { maxFileBytes: most * 1024 * 1024 });
}

function atWorkWith(state: RunState, instance: Instance, worktree: string): string[] {
  return [...state.instances.values()].flatMap((other) => {
    if (other === instance || treeOf(state.plan.project, taskOf(state, other)) !== null) return [];
    const isMeanwhile = other.attempts.some(
      (theirs) =>
        (theirs.seen?.worktree ?? worktree) === worktree &&
        instance.attempts.some((ours) => overlap(ours, theirs)),
    );
    return isMeanwhile ? [other.instance_id] : [];
  });
}

/** Whether it was at work after a time, or is still. */
export function isAfter({ finished_at: at }: AttemptRecord, since: string): boolean {
  return (at ?? '9') > since;
}

function overlap(a: AttemptRecord, b: AttemptRecord): boolean {
  const end = ({ finished_at: at }: AttemptRecord): string => at ?? '9';
  return a.started_at < end(b) && b.started_at < end(a);
}
