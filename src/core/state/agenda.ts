/** What `plan` has yet to look at. `evolve` fills it, so that planning costs what changed. */

/** What a controller did: it opened a scope (none opened the base scope, or those of items), or chose a target in its own. */
export type Choice =
  | { kind: 'scope'; scopeId: string; controllerInstanceId: string | null }
  | { kind: 'target'; scopeId: string; target: string; controllerInstanceId: string };

export interface Agenda {
  /** Choices that may make instances possible, oldest first. */
  choices: Queue<Choice>;
  /**
   * Instances that may make others possible, oldest first. They come before the next choice, so that what
   * a choice brings does not depend on how many were recorded before it is looked at.
   */
  created: Queue<string>;
  /** The engine's own questions that have been answered. */
  answered: Queue<string>;
  /** Instances whose readiness may have changed. */
  unsettled: Queue<string>;
  /** Runnable instances; entries may be stale. */
  runnable: OrdinalHeap;
  /** Instances that wait for a moment, by that moment (ms since the epoch); entries may be stale. */
  delayed: OrdinalHeap;
  /** Regions whose items have not all been made. */
  opening: Queue<string>;
  /** Regions with a bound on their items at a time that may have room for another. */
  rooms: Queue<string>;
  /** What is ready but for a place of its item. */
  held: HeldItems;
  /** Instances that wait for a usage limit, by the moment at which a person is asked; entries may be stale. */
  patience: OrdinalHeap;
}

export function emptyAgenda(): Agenda {
  return {
    choices: new Queue(),
    created: new Queue(),
    answered: new Queue(),
    unsettled: new Queue(),
    runnable: new OrdinalHeap(),
    delayed: new OrdinalHeap(),
    opening: new Queue(),
    rooms: new Queue(),
    held: new HeldItems(),
    patience: new OrdinalHeap(),
  };
}

/** Instances whose item waits for a place in its region. Kept by planning alone: see `isKnown`. */
export class HeldItems {
  /** Whether planning has looked at what the log left held: it does so once. */
  isKnown = false;
  readonly #byItem = new Map<string, string[]>();
  readonly #itemsOf = new Map<string, OrdinalHeap>();

  /** `item`: the id of its scope. */
  add(regionId: string, index: number, item: string, instanceId: string): void {
    const known = this.#byItem.get(item);
    if (known !== undefined) {
      known.push(instanceId);
      return;
    }
    this.#byItem.set(item, [instanceId]);
    let items = this.#itemsOf.get(regionId);
    if (!items) this.#itemsOf.set(regionId, (items = new OrdinalHeap()));
    items.push(index, item);
  }

  /** What is held in the first item of a region; undefined: nothing is. */
  take(regionId: string): string[] | undefined {
    const item = this.#itemsOf.get(regionId)?.take();
    if (item === undefined) return undefined;
    const held = this.#byItem.get(item);
    this.#byItem.delete(item);
    return held;
  }
}

/** First in, first out, without moving elements at each take. */
class Queue<T> {
  #items: T[] = [];
  #head = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  take(): T | undefined {
    const item = this.#items[this.#head];
    if (this.#head === this.#items.length) return undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) this.clear();
    return item;
  }

  /** The item that `take` would return. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}

interface HeapEntry {
  ordinal: number;
  instanceId: string;
}

/** A binary heap: the instance with the lowest number comes first, such as the one that was created first. */
export class OrdinalHeap {
  #entries: HeapEntry[] = [];

  /** The instance that `take` would return. */
  peek(): string | undefined {
    return this.#entries[0]?.instanceId;
  }

  push(ordinal: number, instanceId: string): void {
    const entries = this.#entries;
    const entry = { ordinal, instanceId };
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (entries[parent]!.ordinal <= ordinal) break;
      entries[at] = entries[parent]!;
      at = parent;
    }
    entries[at] = entry;
  }

  /** What `take` would return, with its number. */
  head(): HeapEntry | undefined {
    return this.#entries[0];
  }

  take(): string | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first?.instanceId;
    let at = 0;
    for (let next = 1; next < entries.length; next = 2 * at + 1) {
      if (next + 1 < entries.length && entries[next + 1]!.ordinal < entries[next]!.ordinal) {
        next += 1;
      }
      if (entries[next]!.ordinal >= last.ordinal) break;
      entries[at] = entries[next]!;
      at = next;
    }
    entries[at] = last;
    return first.instanceId;
  }
}
