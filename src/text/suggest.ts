/** "Did you mean …?": the nearest of the words that would have been right. */

/**
 * The candidate that `word` most likely stands for, or null where none is near enough: at most one
 * slip (a letter wrong, missing, superfluous, or two neighbours swapped) per three letters. Case does
 * not count. Among equally near ones the first wins. A candidate of which `word` is a beginning
 * (three letters at least) is near too, but only when nothing is nearer.
 */
export function suggest(word: string, candidates: Iterable<string>): string | null {
  const wanted = word.toLowerCase();
  if (wanted === '') return null;
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  let longer: string | null = null;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    if (longer === null && wanted.length >= 3 && other.startsWith(wanted)) longer = candidate;
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3));
    if (Math.abs(wanted.length - other.length) > allowed) continue;
    const distance = editDistance(wanted, other);
    // A word of one or two letters is near to everything: it must share a letter.
    if (distance >= Math.max(wanted.length, other.length)) continue;
    if (distance <= allowed && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? longer;
}

/** The nearest of the candidates, as a hint; null where none is near enough. */
export function didYouMean(word: string, candidates: Iterable<string>): string | null {
  const near = suggest(word, candidates);
  return near === null ? null : `Did you mean "${near}"?`;
}

/**
 * Optimal string alignment distance: insertions, deletions, substitutions, and swaps of neighbours,
 * each counting one. Three rows of the usual table suffice.
 */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        at(previous, j) + 1,
        at(current, j - 1) + 1,
        at(previous, j - 1) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforePrevious, j - 2) + 1);
      }
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
