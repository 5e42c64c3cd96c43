/** Names that a disk that ignores case takes for one. */

/**
 * Which of the names that an index has stand on disk under one of these others, which differs by case alone: to git both
 * are there. Where the index has names in both spellings of a directory, which such a disk shows as one, nothing was
 * renamed.
 */
export function renamedByCase(indexed: readonly string[], untracked: readonly string[]): string[] {
  const byLower = new Map(indexed.map((name) => [name.toLowerCase(), name]));
  const directories = new Set(indexed.flatMap(directoriesOf));
  return untracked.flatMap((name) => {
    const old = byLower.get(name.toLowerCase());
    if (old === undefined || old === name) return [];
    const oldDirectories = new Set(directoriesOf(old));
    const renamed = directoriesOf(name).filter((one) => !oldDirectories.has(one));
    return renamed.some((one) => directories.has(one)) ? [] : [old];
  });
}

/** All that a file lies in, relative to the top. */
function directoriesOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}
