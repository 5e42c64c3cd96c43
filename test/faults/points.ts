/** Which points to crash at: all of them, a sample, or two in a row. */
import type { CrashPoint, Outcome } from './driver.ts';

/**
 * Every step of every process of an undisturbed run, or all of one kind, or of commands with one of these words; steps that can be torn
 * count twice.
 */
export function everyPoint(
  { steps, typed }: Pick<Outcome, 'steps' | 'typed'>,
  ofKind?: string,
  ofWords?: readonly string[],
): CrashPoint[] {
  const points: CrashPoint[] = [];
  for (const [name, taken] of steps) {
    const [number = '', engine] = name.split(' ');
    const words = typed[Number(number)] ?? [];
    if (ofWords !== undefined && !ofWords.some((word) => words.includes(word))) continue;
    const process = { command: Number(number), engine: engine !== undefined };
    for (const [index, { kind, tearable }] of taken.entries()) {
      if (ofKind !== undefined && kind !== ofKind) continue;
      points.push({ ...process, step: index + 1, torn: false });
      if (tearable) points.push({ ...process, step: index + 1, torn: true });
    }
  }
  return points;
}

/** `count` of the points, spread evenly over all of them, each at random within its stretch. */
export function sampleOf<T>(all: readonly T[], count: number, random: () => number): T[] {
  if (count >= all.length) return [...all];
  const stretch = all.length / count;
  return Array.from({ length: count }, (_, index) => {
    return all[Math.floor((index + random()) * stretch)] as T;
  });
}

/** Crashes after which the next command, which recovers, crashes too. */
export function doublePoints(
  all: readonly CrashPoint[],
  count: number,
  random: () => number,
): CrashPoint[][] {
  const longest = Math.max(0, ...all.map(({ step }) => step));
  return sampleOf(all, count, random).map((first) => {
    // It has the rest to do, and some steps to look around first.
    const step = 1 + Math.floor(random() * (longest - first.step + 20));
    return [first, { command: first.command + 1, engine: false, step, torn: random() < 0.3 }];
  });
}

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
