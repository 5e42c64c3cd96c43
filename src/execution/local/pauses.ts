/**
 * How long an attempt need not be looked at, whose end others tell of. The longer it prints nothing, the longer; and
 * longest where the system tells when it prints again.
 */
import { watch, type FSWatcher } from 'node:fs';
import path from 'node:path';
import type { AttemptFiles } from './attempt-files.ts';
import { GAP_MS, POLL_MS } from './limits.ts';
import { Stopwatch } from './stopwatch.ts';

/** Where nobody tells when it prints: far from what its limits take for a gap. */
const MOST_QUIET_MS = GAP_MS / 2;
/** Where the system does. All that are so quiet are looked at together: the machine wakes once. */
export const DOZE_MS = 2000;
const together = new Stopwatch();

export class Pauses {
  readonly #files: Pick<AttemptFiles, 'stdout' | 'stderr'>;
  readonly #onPrinted: () => void;
  /** The latest pause, up to the longest without an alarm. */
  #quietMs = POLL_MS / 2;
  #alarm: FSWatcher | null = null;
  /** The system cannot tell (limits of inotify(7), some network disks). */
  #isUnusable = false;

  /** `onPrinted`: called when something is printed within a pause that was to be long. */
  constructor(files: Pick<AttemptFiles, 'stdout' | 'stderr'>, onPrinted: () => void) {
    this.#files = files;
    this.#onPrinted = onPrinted;
  }

  /** It has printed something: short pauses again. */
  begin(): void {
    this.#quietMs = POLL_MS / 2;
    this.close();
  }

  /** The next one, ms. `leftMs`: until a limit, before which looks come closer. `isExpected`: not a long one. */
  next(leftMs: number, isExpected: boolean): number {
    this.#quietMs = Math.min(this.#quietMs * 2, MOST_QUIET_MS);
    if (this.#quietMs < MOST_QUIET_MS || isExpected || this.#isUnusable) return this.#quietMs;
    if (this.#alarm === null) {
      // Relied on from the next look on: what was printed before does not ring.
      this.#setAlarm();
      return this.#quietMs;
    }
    const untilMs = DOZE_MS - (together.elapsedMs() % DOZE_MS);
    const togetherMs = untilMs < MOST_QUIET_MS ? untilMs + DOZE_MS : untilMs;
    return Math.max(this.#quietMs, Math.min(togetherMs, leftMs / 10));
  }

  close(): void {
    this.#alarm?.close();
    this.#alarm = null;
  }

  #setAlarm(): void {
    const { stdout, stderr } = this.#files;
    const outputs = [stdout, stderr].map((file) => path.basename(file));
    try {
      const alarm = watch(path.dirname(stdout), { persistent: false }, (_, name) => {
        if (name !== null && !outputs.includes(name)) return;
        this.close();
        this.#onPrinted();
      });
      this.#alarm = alarm.on('error', () => this.#giveUp());
    } catch {
      this.#giveUp();
    }
  }

  #giveUp(): void {
    this.#isUnusable = true;
    this.close();
  }
}
