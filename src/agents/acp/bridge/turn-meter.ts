/** What a turn has used so far, where its agent keeps that of the session: the protocol tells it at the end of a turn alone. */
import { usageSince } from '../../../model/prices.ts';
import type { Usage } from '../../../model/run.ts';
import type { Environment, SessionUse } from '../../backend.ts';
import { knownAgent } from '../known-agents.ts';

const LOOK_MS = 1000;

export class TurnMeter {
  readonly #sessionId: string;
  readonly #before: Usage | null;
  readonly #onUsage: (usage: Usage) => void;
  readonly #clock: NodeJS.Timeout;
  /** null: its agent keeps nothing that we know of. */
  #use: SessionUse | null;
  #told = '';

  /** To be made before the turn begins. `isNew`: the session has had none. */
  constructor(
    session: { id: string; agent: string; isNew: boolean },
    env: Environment,
    onUsage: (usage: Usage) => void,
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

  look(): void {
    const sum = this.#use?.look(this.#sessionId) ?? null;
    if (sum === null) return;
    const usage = usageSince(sum, this.#before);
    const text = JSON.stringify(usage);
    if (text === this.#told) return;
    this.#told = text;
    this.#onUsage(usage);
  }

  /** Looks a last time. */
  end(): void {
    clearInterval(this.#clock);
    this.look();
    this.#use?.close();
    this.#use = null;
  }
}
