/** Whether something below some directories has changed of late. */
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';

/** What changes without this attempt, or is not worth looking through. */
const passedOver = new Set(['.git', '.runs', '.codex-orch', 'node_modules']);
/** After so many files other things come first for a moment. */
const BATCH = 500;

/**
 * When something in these files or below these directories changed after `sinceMs` (since the epoch): its time, or null
 * where nothing did. It stops at the first. A directory changes with the names in it.
 */
export async function changeSince(
  places: readonly string[],
  sinceMs: number,
  isCancelled: () => boolean,
): Promise<number | null> {
  const pending = [...new Set(places)];
  for (let looked = 1; pending.length > 0 && !isCancelled(); looked += 1) {
    const place = pending.pop() ?? '';
    const stats = await lstat(place).catch(() => null);
    if (stats === null) continue;
    if (stats.ctimeMs > sinceMs) return stats.ctimeMs;
    if (stats.isDirectory()) await addNames(place, pending);
    if (looked % BATCH === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return null;
}

async function addNames(directory: string, pending: string[]): Promise<void> {
  try {
    for await (const { name } of await opendir(directory)) {
      if (!passedOver.has(name)) pending.push(path.join(directory, name));
    }
  } catch {
    // It is gone, or is not to be read: then nothing is seen of it.
  }
}
