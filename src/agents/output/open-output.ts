/** Opens what an agent printed. The agent can write to the directory: what lies there need be no file. */
import { closeSync, fstatSync } from 'node:fs';
import { openForeign } from '../../disk/foreign-file.ts';

/** Where output lies; several: where it may lie, to be looked for in this order. */
export type OutputPlace = string | readonly string[];

/** A descriptor for reading; null where there is no such file. A link is not followed, a pipe not waited for. */
export function openOutput(place: OutputPlace): number | null {
  for (const file of typeof place === 'string' ? [place] : place) {
    const opened = openForeign(file);
    if (opened.ok) return opened.fd;
  }
  return null;
}

/** In bytes; 0 where there is none. */
export function sizeOfOutput(place: OutputPlace): number {
  const fd = openOutput(place);
  if (fd === null) return 0;
  try {
    return fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}
