/** Looks at the authored files once a second while anybody listens. */
import { programHash } from '../../app/program/look.ts';

const PROGRAM_MS = 1000;

export class ProgramWatch {
  readonly #programDir: string;
  readonly #onDefect: (error: unknown) => void;
  readonly #listeners = new Set<(hash: string) => void>();
  #timer: NodeJS.Timeout | null = null;
  #hash = '';

  constructor(programDir: string, onDefect: (error: unknown) => void) {
    this.#programDir = programDir;
    this.#onDefect = onDefect;
  }

  /** @returns what ends the listening. */
  listen(listener: (hash: string) => void): () => void {
    this.#listeners.add(listener);
    if (this.#timer === null) {
      this.#hash = programHash(this.#programDir);
      this.#timer = setInterval(() => this.#look(), PROGRAM_MS);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    };
  }

  #look(): void {
    try {
      const hash = programHash(this.#programDir);
      if (hash === this.#hash) return;
      this.#hash = hash;
      for (const listener of [...this.#listeners]) listener(hash);
    } catch (error) {
      this.#onDefect(error);
    }
  }
}
