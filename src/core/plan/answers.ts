/**
 * Which open questions assistants are tried on next, and when to look again. What failed is tried again
 * after a while, by whoever comes first: the delay follows from the record of the failure alone.
 */
import { earliest, later } from './timers.ts';

/** An open question, as far as the schedule is concerned. */
export interface AnswerSchedule {
  /** The latest failure to answer it, and how many there were in a row; null where there was none. */
  problem: { at: string; failures: number } | null;
}

export interface AnswerPlan<Question> {
  /** In the order in which they came. */
  begin: Question[];
  /** ISO 8601: when the next one that failed is due; null where none waits for time. */
  wakeAt: string | null;
}

const FIRST_RETRY_MS = 30_000;
const LAST_RETRY_MS = 30 * 60_000;

/** `room`: how many may begin. `now`: ISO 8601, UTC. */
export function planAnswers<Question extends AnswerSchedule>(
  questions: readonly Question[],
  { room, now }: { room: number; now: string },
): AnswerPlan<Question> {
  const begin: Question[] = [];
  let wakeAt: string | null = null;
  for (const question of questions) {
    const due = dueAt(question, now);
    if (due !== null && now < due) wakeAt = earliest(wakeAt, due);
    else if (begin.length < room) begin.push(question);
  }
  return { begin, wakeAt };
}

/** null: at once. */
function dueAt({ problem }: AnswerSchedule, now: string): string | null {
  // Of a failure at no time that can be read, or at one that is yet to come, nobody can say that it is recent.
  if (problem === null || Number.isNaN(Date.parse(problem.at)) || problem.at > now) return null;
  const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (problem.failures - 1));
  return later(problem.at, delayMs);
}
