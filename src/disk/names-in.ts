import { readdirSync } from 'node:fs';

/** The names in a directory, in no order. None where it is not there, or cannot be looked into. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
