import { opendirSync, readdirSync } from 'node:fs';

/** The names in a directory, in no order. None where it is not there, or cannot be looked into. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** As `namesIn`, for a directory that anybody may fill: at most `most`, and whether there are more. */
export function someNamesIn(directory: string, most: number): { names: string[]; more: boolean } {
  const names: string[] = [];
  try {
    const open = opendirSync(directory, { bufferSize: Math.min(most + 1, 1000) });
    try {
      for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
        if (names.length === most) return { names, more: true };
        names.push(entry.name);
      }
    } finally {
      open.closeSync();
    }
  } catch {
    // Not there, no directory, or gone meanwhile.
  }
  return { names, more: false };
}
