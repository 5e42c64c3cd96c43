/** What an attempt is told whose instance went on by itself: what happened, and what it is to do. Pure. */
import type { Continuation, ContinueReason } from '../../model/run.ts';
import { fenced, paragraphs } from '../../text/markdown.ts';

interface Words {
  heading: string;
  /** Before what happened. */
  happened: string;
  todo: string;
}

const words: Readonly<Record<ContinueReason, Words>> = {
  repair: {
    heading: 'Not accepted yet',
    happened: 'The work was looked at when the turn ended. This is wrong with it:',
    todo: 'What else was done stands. Mend this and no more, then hand in again, in the directory of this attempt, everything that the task calls for: also what was right before.',
  },
  stall: {
    heading: 'Stopped, since nothing moved',
    happened: 'Your last turn was stopped. This was seen of it:',
    todo: 'What was done so far stands. Look at where it got stuck, and do that in another way: with a time limit of its own, and without waiting for input. Then go on with the task.',
  },
};

export function wentOnSection(told: Continuation | null): string | null {
  if (told === null) return null;
  const { heading, happened, todo } = words[told.reason];
  return paragraphs(`## ${heading}`, `${happened}\n\n${fenced(told.message)}`, todo);
}
