/** What would move an instance that is pending: what moves those for which it waits. */
import type { Instance, InstanceStatus } from '../../model/run.ts';
import { openChooser } from '../state/choosers.ts';
import { openQuestionAbout } from '../state/questions.ts';
import { isHead, itemWithoutPlace } from '../state/regions.ts';
import { instanceOf, linksOf, type Region, type RunState } from '../state/run-state.ts';
import { scopeOf, scopesBelow } from '../state/scope-index.ts';
import type { Reason } from './reason.ts';

type Command = Reason['command'];

export interface Movers {
  /** As the person names it. */
  programDir: string;
  /** Of one that is not pending. */
  of: (instance: Instance) => Command;
  /** `run resume`; null where an engine drives the run. */
  resume: Command;
  /** By instance and region: what has been found out. */
  known: Map<string, Command>;
}

/** The command that would move a pending instance; null: nothing need be done. */
export function moverOf(state: RunState, pending: Instance, movers: Movers): Command {
  const { programDir, known, of, resume } = movers;
  const stack = [pending.instance_id];
  const begun = new Set<string>();
  for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
    const region = state.regions.get(id);
    const asked = region === undefined ? questionOfItems(state, instanceOf(state, id)) : null;
    if (asked !== null) {
      known.set(id, ['inbox', 'reply', programDir, asked, '--resume']);
    } else if (region !== undefined) {
      known.set(id, anyOf(atWorkIn(state, region).map(of), resume));
    } else if (instanceOf(state, id).status !== 'pending') {
      known.set(id, of(instanceOf(state, id)));
    } else {
      const above = waitsFor(state, instanceOf(state, id));
      begun.add(id);
      const unknown = above.filter((each) => !known.has(each) && !begun.has(each));
      stack.push(...unknown);
      if (unknown.length > 0) continue;
      known.set(
        id,
        anyOf(
          above.map((each) => known.get(each) ?? null),
          resume,
        ),
      );
    }
    stack.pop();
  }
  return known.get(pending.instance_id) ?? null;
}

/** The open question of how many items an instance is to have; null: none. */
export function questionOfItems(state: RunState, instance: Instance): string | null {
  return isHead(state, instance) ? openQuestionAbout(state, 'items', instance.instance_id) : null;
}

/** A resume goes before answers: it moves more. Where nothing is found to wait for, the engine has to see to it. */
function anyOf(commands: readonly Command[], resume: Command): Command {
  const given = commands.filter((command) => command !== null);
  if (commands.length === 0 || given.some(([noun, verb]) => noun === 'run' && verb === 'resume'))
    return resume;
  return given[0] ?? null;
}

/** Instances and regions that have to go on first. */
function waitsFor(state: RunState, instance: Instance): string[] {
  const above = linksOf(state, instance.instance_id).upstream.filter((id) => {
    const region = state.regions.get(id);
    if (region !== undefined) return region.items.some(({ unfinished }) => unfinished > 0);
    return isOpen(instanceOf(state, id).status);
  });
  if (above.length > 0) return above;
  const chooser = openChooser(state, instance);
  if (chooser !== null) return [chooser.instance_id];
  const item = itemWithoutPlace(state, instance);
  return item === null ? [] : [item.region.region_id];
}

/** Of the items of a region, all that is open and not itself pending. */
function atWorkIn(state: RunState, { items }: Region): Instance[] {
  return items.flatMap(({ scopeId, unfinished }) => {
    if (unfinished === 0) return [];
    return [scopeId, ...scopesBelow(state, scopeId)].flatMap((each) =>
      [...scopeOf(state, each).instancesOf.values()].flat().flatMap((id) => {
        const instance = state.instances.get(id);
        const isAtWork = instance !== undefined && isOpen(instance.status);
        return isAtWork && instance.status !== 'pending' ? [instance] : [];
      }),
    );
  });
}

function isOpen(status: InstanceStatus): boolean {
  return status !== 'done' && status !== 'failed' && status !== 'skipped';
}
