/** Opens what an agent printed. The agent can write to the directory: what lies there need be no file. */
import { closeSync, type Stats } from 'node:fs';
import { openForeign, type OpenedFile } from '../../disk/foreign-file.ts';
import { ownStatsOf } from '../../disk/stats-of.ts';

/** Where output lies; several: where it may lie, to be looked for in this order. */
export type OutputPlace = string | readonly string[];

/** null where there is no such file. A link is not followed, a pipe not waited for. Whoever has it closes it. */
export function openOutput(place: OutputPlace): OpenedFile | null {
  for (const file of placesOf(place)) {
    const opened = openForeign(file);
    if (opened.ok) return opened;
  }
  return null;
}

/** What is known of an output that is there and has nothing in it yet, without opening it; null of any other. */
export function emptyOutput(place: OutputPlace): Stats | null {
  for (const file of placesOf(place)) {
    const stats = lookAt(file);
    if (stats?.isFile() === true) return stats.size === 0 ? stats : null;
  }
  return null;
}

function placesOf(place: OutputPlace): readonly string[] {
  return typeof place === 'string' ? [place] : place;
}

function lookAt(file: string): Stats | null {
  try {
    return ownStatsOf(file);
  } catch {
    // It cannot be opened either.
    return null;
  }
}

/** In bytes; 0 where there is none. */
export function sizeOfOutput(place: OutputPlace): number {
  const opened = openOutput(place);
  if (opened === null) return 0;
  closeSync(opened.fd);
  return opened.stats.size;
}
