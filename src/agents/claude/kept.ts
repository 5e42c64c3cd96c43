/** What of the program Claude Code keeps from its workers where their workspace holds it. */
import path from 'node:path';
import { namesIn } from '../../disk/names-in.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { keptOfProgram } from '../kept-of-program.ts';

/** Each becomes a mount of every command: of a directory with more, only the first so many are kept. */
const MOST_NAMES = 100;

/**
 * As `keptOfProgram`, but for what holds the attempt's own directory: a directory that its sandbox closes stays closed
 * in all of its parts. In its place stand those beside the way to the attempt.
 */
export function keptBesideAttempt(order: AttemptOrder): string[] {
  const attempt = realPathOf(order.attemptDir);
  const { closed = [] } = order;
  return [...keptOfProgram(order).flatMap((kept) => beside(kept, attempt)), ...closed];
}

function beside(directory: string, attempt: string): string[] {
  if (directory === attempt) return [];
  if (!isWithin(attempt, directory)) return [directory];
  return namesIn(directory)
    .slice(0, MOST_NAMES)
    .flatMap((name) => beside(path.join(directory, name), attempt));
}

/** Whether a path is the directory, or lies in it. */
export function isWithin(file: string, directory: string): boolean {
  const relative = path.relative(directory, file);
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative));
}
