/**
 * Since when a worker has heard from nobody: neither the server, which it asks as often as that counts, nor the depot of an
 * attempt, where that is an endpoint (a directory answers also where all else is cut off).
 */
import { Stopwatch } from '../../local/stopwatch.ts';

export class Contact {
  #server = new Stopwatch();

  serverAnswered(): void {
    this.#server = new Stopwatch();
  }

  serverSilentMs(): number {
    return this.#server.elapsedMs();
  }

  /** Of one attempt. `isEndpoint`: its depot is one. */
  ofAttempt(isEndpoint: boolean): AttemptContact {
    return new AttemptContact(this, isEndpoint);
  }
}

export class AttemptContact {
  readonly #worker: Contact;
  readonly #isEndpoint: boolean;
  #depot = new Stopwatch();

  constructor(worker: Contact, isEndpoint: boolean) {
    this.#worker = worker;
    this.#isEndpoint = isEndpoint;
  }

  depotAnswered(): void {
    this.#depot = new Stopwatch();
  }

  silentMs(): number {
    const server = this.#worker.serverSilentMs();
    return this.#isEndpoint ? Math.min(server, this.#depot.elapsedMs()) : server;
  }
}
