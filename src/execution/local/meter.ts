/** What an attempt has used so far: as its output tells, and as its agent keeps of the session. */
import type { Backend, Environment, OutputSummary, SessionUse } from '../../agents/backend.ts';
import type { AttemptBudget, AttemptOrder } from '../../model/attempt.ts';
import type { Usage } from '../../model/run.ts';
import { isPassed } from '../attempt-budget.ts';
import { usedInAttempt } from '../attempt-end.ts';

export class Meter {
  readonly #order: AttemptOrder;
  readonly #backend: Backend;
  /** null: nobody wants to know, or the output tells all. */
  readonly #session: SessionUse | null;

  #budget: AttemptBudget | null;

  /** `env`: all of the attempt's; null where it is not known. */
  constructor(order: AttemptOrder, backend: Backend, env: Environment | null) {
    this.#order = order;
    this.#backend = backend;
    this.#budget = order.budget ?? null;
    const isWanted = order.metered === true && env !== null;
    this.#session = isWanted ? backend.sessionUse(env) : null;
  }

  /** The sum of the session, as far as its agent keeps it; null: as far as is known, none. */
  sessionUse({ sessionId }: OutputSummary): Usage | null {
    const session = sessionId ?? this.#order.sessionId;
    if (this.#session === null || session === null) return null;
    return this.#session.look(session);
  }

  /** Of this attempt alone. */
  used(output: OutputSummary): Usage | null {
    return usedInAttempt(this.#order, this.#backend, output.usage, this.sessionUse(output));
  }

  limit(budget: AttemptBudget): void {
    this.#budget = budget;
  }

  /** Whether what is used is looked at while it works. */
  isBounded(): boolean {
    return this.#budget !== null && (this.#budget.tokens ?? this.#budget.cost_usd) !== null;
  }

  isPassed(output: OutputSummary): boolean {
    if (this.#budget === null || !this.isBounded()) return false;
    const used = this.used(output);
    return used !== null && isPassed(this.#budget, used);
  }

  close(): void {
    this.#session?.close();
  }
}
