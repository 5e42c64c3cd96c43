/** What the nodes of a graph show, apart from where they stand: a change re-renders its node only. */
import { createContext, useContext, useSyncExternalStore, type ReactNode } from 'react';
import type { TaskSpec } from '../../../model/program.ts';
import type { StatusName } from '../parts/status.tsx';
import { loopGroupId, regionGroupId } from './groups.ts';
import type { Loop } from './loops.ts';
import type { ItemsLook } from './region-look.ts';

export interface NodeLook {
  title: string;
  /** Small print below. */
  sub: string;
  kind: 'work' | 'route' | 'loop';
  status: StatusName | null;
  /** Instead of the state's word. */
  word: string | null;
  /** When it began, and ended; `until` is null while it runs. */
  since: string | null;
  until: string | null;
  href: string | null;
  /** Start: chosen as a root; otherwise: shown beside the graph. */
  selected: boolean;
  faint: boolean;
  count: number;
  /** Of a task that is done for every item of a list, in which state they are: `StatusCount[]` as JSON. null: of others. */
  items: string | null;
  onPick: (() => void) | null;
  /** The attempt whose last lines show when the mouse or the focus rests on it: run, instance and number. */
  attempt: string | null;
}

export interface FrameLook {
  title: string;
  detail: ReactNode;
  /** Of what is done for every item of a list, how far the items are; null: of others, and where nothing is known. */
  items: ItemsLook | null;
}

/** Frames of loops, of regions and of blocks. `detail`: what stands beside the title of a loop. */
export function frameLooks(
  tasks: TaskSpec[],
  loops: Loop[],
  detail: (loop: Loop) => ReactNode,
  itemsOf: (task: TaskSpec) => ItemsLook | null = () => null,
): Map<string, FrameLook> {
  const looks = new Map<string, FrameLook>();
  for (const loop of loops) {
    const look = { title: 'Loop', detail: detail(loop), items: null };
    looks.set(loopGroupId(loop.controller), look);
  }
  for (const task of tasks) {
    // A block is named after its first task; the layout decides which blocks there are.
    looks.set(`block ${task.id}`, { title: 'Side by side', detail: null, items: null });
    if (task.for_each === undefined) continue;
    const look = { title: task.title, detail: null, items: itemsOf(task) };
    looks.set(regionGroupId(task.id), look);
  }
  return looks;
}

export class Looks {
  private nodes = new Map<string, NodeLook>();
  private frames = new Map<string, FrameLook>();
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  node(id: string): NodeLook | undefined {
    return this.nodes.get(id);
  }

  frame(id: string): FrameLook | undefined {
    return this.frames.get(id);
  }

  /** Takes over what differs; equal looks keep their identity, so that their nodes stay as they are. */
  set(nodes: Map<string, NodeLook>, frames: Map<string, FrameLook>): void {
    for (const [id, look] of nodes) {
      const old = this.nodes.get(id);
      if (old && sameLook(old, look)) nodes.set(id, old);
    }
    this.nodes = nodes;
    this.frames = frames;
    for (const listener of this.listeners) listener();
  }
}

function sameLook(a: NodeLook, b: NodeLook): boolean {
  return (Object.keys(a) as (keyof NodeLook)[]).every((key) => a[key] === b[key]);
}

export const LooksContext = createContext(new Looks());

export function useNodeLook(id: string): NodeLook | undefined {
  const looks = useContext(LooksContext);
  return useSyncExternalStore(looks.subscribe, () => looks.node(id));
}

export function useFrameLook(id: string): FrameLook | undefined {
  const looks = useContext(LooksContext);
  return useSyncExternalStore(looks.subscribe, () => looks.frame(id));
}
