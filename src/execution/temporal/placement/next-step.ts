/**
 * An attempt's way over the server, as a table: what its newest activity came to, and what follows from that. Pure.
 * See docs/design/machines.md.
 */

/** What an activity came to. */
export type Outcome =
  /** All that the attempt left lies in the depot. */
  | { kind: 'ended' }
  /** The host says that nothing of this generation ran there, and nothing can. */
  | { kind: 'never_started' }
  /** And that it is no use to try again. */
  | { kind: 'refused'; why: string }
  /** It ran and is ended, and what it left cannot be had. */
  | { kind: 'lost'; why: string }
  /** It was handed out, and no host has given a sign of it. */
  | { kind: 'unsigned' }
  /** Nobody fetched it in time. */
  | { kind: 'not_fetched' }
  /** It ended without a result: no sign of life in time, the worker handed it back, or somebody ended it on the server. */
  | { kind: 'gone' }
  | { kind: 'cancelled' }
  /** The server does not know it: it forgets what is over, and may have lost its database. */
  | { kind: 'unknown' };

export interface Way {
  generation: number;
  /** How often it was asked of its host to take it up again. */
  takes: number;
  /** null: it was never handed out. */
  host: string | null;
  /** Whether the run has asked it to stop. */
  isStopping: boolean;
  /** Whether its host has given a sign at the depot since the newest activity began. */
  wasHeard: boolean;
}

export type Step =
  | Destination
  /** Its host is to take it up again, or to say that there is nothing to take. */
  | { kind: 'take'; takes: number }
  /** From the beginning, wherever there is room. */
  | { kind: 'start'; generation: number };

/** What its way comes to. */
export type Destination =
  /** Bring in what it left. */
  | { kind: 'take_in' }
  /** It was stopped before it began. */
  | { kind: 'stopped' }
  | { kind: 'not_begun'; why: string; passes: boolean }
  /** Nobody has it any more. */
  | { kind: 'lost'; why: string };

/** More such hand-outs in a row are no accident of a busy server. */
const MOST_GENERATIONS = 20;

export function nextStep(way: Way, outcome: Outcome): Step {
  const { host, takes } = way;
  switch (outcome.kind) {
    case 'ended':
      return { kind: 'take_in' };
    case 'lost':
      return { kind: 'lost', why: `${host ?? 'a worker'}: ${outcome.why}` };
    case 'refused':
      // A host that refuses to take it up may have it at work.
      if (takes > 0) return { kind: 'lost', why: `${host ?? 'its worker'}: ${outcome.why}` };
      return { kind: 'not_begun', why: `${host ?? 'a worker'}: ${outcome.why}`, passes: false };
    case 'never_started':
      return begunAnew(way);
    case 'unknown':
      // Who has had it knows better.
      if (host !== null) return { kind: 'take', takes: takes + 1 };
      return { kind: 'lost', why: 'the server does not know it any more' };
    case 'not_fetched':
      if (takes === 0) {
        const why = 'no worker fetched it in time';
        return way.isStopping ? { kind: 'stopped' } : { kind: 'not_begun', why, passes: true };
      }
      if (way.wasHeard) return { kind: 'take', takes: takes + 1 };
      return { kind: 'lost', why: `${host ?? 'its worker'} did not come back` };
    case 'unsigned':
    case 'gone':
    case 'cancelled':
      if (host !== null) return { kind: 'take', takes: takes + 1 };
      if (way.isStopping) return { kind: 'stopped' };
      return { kind: 'not_begun', why: 'it was ended on the server', passes: true };
  }
}

function begunAnew({ generation, isStopping }: Way): Step {
  if (isStopping) return { kind: 'stopped' };
  if (generation + 1 < MOST_GENERATIONS) return { kind: 'start', generation: generation + 1 };
  return {
    kind: 'not_begun',
    why: `it was handed out ${MOST_GENERATIONS} times, and reached no worker`,
    passes: true,
  };
}
