/**
 * What a worker keeps of each attempt that it was handed, in a folder by its id:
 *
 *   placement.json  what it was called with, before anything else
 *   claim           created once: `run` by who carries it out, `void` by who finds that nobody has: then nobody ever will
 *   place/          where it is laid out
 *   order.json      the order in this machine's terms, once it is laid out
 *   end.json        how it ended, until that is handed in
 *   result.json     what the activity came to: all is done, and the place is gone
 *
 * One process at a time has the worker's directory, so none of this is raced for.
 */
import path from 'node:path';
import { createFile, makeDirectory, removeTree, replaceFile } from '../../../disk/disk.ts';
import { kindAt, readForeignText } from '../../../disk/foreign-file.ts';
import { namesIn } from '../../../disk/names-in.ts';
import { statsOf } from '../../../disk/stats-of.ts';
import { isOutOfSpace } from '../../../disk/out-of-space.ts';
import type { AttemptEnd, AttemptOrder } from '../../../model/attempt.ts';
import type { Placement, PlacementResult } from '../protocol.ts';

/** What an agent writes into, and repositories: see parcel/place.ts. */
const largeParts = ['tree', 'repository', 'outgoing', path.join('run', 'instances')];

const MAX_BYTES = 64 << 20;

export class HostedPlace {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Where it is laid out. */
  get place(): string {
    return this.#file('place');
  }

  get claim(): 'run' | 'void' | null {
    const read = readForeignText(this.#file('claim'), { maxBytes: 100 });
    if (!read.ok) return null;
    return read.text.startsWith('void') ? 'void' : 'run';
  }

  get placement(): Placement | null {
    return this.#read<Placement>('placement.json');
  }

  get order(): AttemptOrder | null {
    return this.#read<AttemptOrder>('order.json');
  }

  get end(): AttemptEnd | null {
    return this.#read<AttemptEnd>('end.json');
  }

  get result(): PlacementResult | null {
    return this.#read<PlacementResult>('result.json');
  }

  /** False where somebody has claimed it before. */
  begin(placement: Placement): boolean {
    makeDirectory(this.directory);
    this.#write('placement.json', placement);
    return createFile(this.#file('claim'), 'run\n', { durable: true });
  }

  keepOrder(order: AttemptOrder): void {
    this.#write('order.json', order);
  }

  keepEnd(end: AttemptEnd): void {
    this.#write('end.json', end);
  }

  /** Nothing of it runs, and nothing will: whatever asks for it again hears this. */
  async settle(result: PlacementResult): Promise<void> {
    makeDirectory(this.directory);
    try {
      this.#keepResult(result);
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      // What shows that it has run stays until its result is kept.
      for (const part of largeParts) await removeIfThere(path.join(this.place, part));
      this.#keepResult(result);
    }
    await removeIfThere(this.place);
  }

  #keepResult(result: PlacementResult): void {
    const hasRun = result.kind === 'ended' || result.kind === 'lost';
    const claim = hasRun ? 'run\n' : 'void\n';
    replaceFile(this.#file('claim'), claim, { durable: true });
    this.#write('result.json', result);
  }

  #file(name: string): string {
    return path.join(this.directory, name);
  }

  #write(name: string, value: unknown): void {
    replaceFile(this.#file(name), `${JSON.stringify(value)}\n`, { durable: true });
  }

  #read<T>(name: string): T | null {
    const read = readForeignText(this.#file(name), { maxBytes: MAX_BYTES });
    if (!read.ok) return null;
    try {
      return JSON.parse(read.text) as T;
    } catch {
      return null;
    }
  }
}

async function removeIfThere(target: string): Promise<void> {
  if (kindAt(target) !== 'missing') await removeTree(target);
}

export function hostedPlace(root: string, id: string): HostedPlace {
  return new HostedPlace(path.join(root, id.replaceAll('/', '+')));
}

export function hostedPlaces(root: string): HostedPlace[] {
  return namesIn(root).map((name) => new HostedPlace(path.join(root, name)));
}

/** Removes what was done with so long ago that nobody asks for it any more. `before`: ms since the epoch. */
export async function forgetBefore(root: string, before: number): Promise<void> {
  for (const { directory, result } of hostedPlaces(root)) {
    if (result === null) continue;
    const done = statsOf(path.join(directory, 'result.json'))?.mtimeMs ?? 0;
    if (done < before) await removeTree(directory);
  }
}
