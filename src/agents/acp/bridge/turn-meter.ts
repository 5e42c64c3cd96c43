/**
 * What a turn has used so far, where its agent keeps that of the session: the protocol tells it at the end of a turn
 * alone. So it is seen, too, whether the agent has kept all of the turn.
 */
import { tokensOf, usageSince } from '../../../model/prices.ts';
import type { Usage } from '../../../model/run.ts';
import type { Environment, SessionUse } from '../../backend.ts';
import { knownAgent } from '../known-agents.ts';

const LOOK_MS = 1000;

export class TurnMeter {
  readonly #sessionId: string;
  readonly #before: Usage | null;
  readonly #onUsage: ((usage: Usage) => void) | null;
  readonly #clock: NodeJS.Timeout;
  /** null: its agent keeps nothing that we know of. */
  readonly #use: SessionUse | null;
  #told = '';

  /** To be made before the turn begins. `isNew`: the session has had none. `onUsage`: null where nobody wants to know. */
  constructor(
    session: { id: string; agent: string; isNew: boolean },
    env: Environment,
    onUsage: ((usage: Usage) => void) | null,
  ) {
    this.#sessionId = session.id;
    this.#onUsage = onUsage;
    const use = knownAgent(session.agent).sessionUse(env);
    this.#before = use?.look(session.id) ?? null;
    // Else what came before is not known, and would be counted.
    const isCounted = this.#before !== null || session.isNew;
    if (!isCounted) use?.close();
    this.#use = isCounted ? use : null;
    this.#clock = setInterval(() => this.look(), LOOK_MS).unref();
  }

  get isCounting(): boolean {
    return this.#use !== null;
  }

  look(): void {
    if (this.#onUsage === null) return;
    const usage = this.#used();
    if (usage === null || tokensOf(usage) === 0) return;
    const text = JSON.stringify(usage);
    if (text === this.#told) return;
    this.#told = text;
    this.#onUsage(usage);
  }

  /** The turn is over: how it ended tells the rest. */
  lookLast(): void {
    clearInterval(this.#clock);
    this.look();
  }

  /** Whether all is kept of a turn that used so much; null: the session is not to be seen. */
  hasAll(told: Usage): boolean | null {
    const used = this.#used();
    // Of the output, some keep less than they tell.
    return used === null ? null : used.input_tokens >= told.input_tokens;
  }

  close(): void {
    clearInterval(this.#clock);
    this.#use?.close();
  }

  #used(): Usage | null {
    try {
      const sum = this.#use?.look(this.#sessionId) ?? null;
      return sum === null ? null : usageSince(sum, this.#before);
    } catch {
      // A disk that fails here is no reason to end the agent.
      return null;
    }
  }
}
