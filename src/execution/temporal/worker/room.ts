/** Whether the disk of a worker has room for one more attempt: without, it asks for none, and others can have it. */
import { statfsSync } from 'node:fs';

/** What a claim, a placement and a small tree take; less of it fails in the middle. */
const LEAST_BYTES = 4 * 1024 ** 2;
const LOOK_MS = 5000;

export interface RoomOptions {
  /** On the disk that is looked at. */
  directory: string;
  /** Told, for a person, when there is none, and when there is again. */
  say(what: string): void;
  /** There is room again. */
  changed(): void;
}

export class Room {
  readonly #options: RoomOptions;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** Where not, it is looked again every few seconds. */
  has(): boolean {
    if (this.#timer !== null) return false;
    const { directory, say } = this.#options;
    const free = freeBytes(directory);
    if (free >= LEAST_BYTES) return true;
    say(`takes no attempt: ${Math.floor(free / 1024)} KiB are free on the disk of ${directory}`);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    return false;
  }

  /** Looks no more. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #look(): void {
    const { directory, say, changed } = this.#options;
    if (freeBytes(directory) < LEAST_BYTES || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    say('takes attempts again');
    changed();
  }
}

/** Of a disk that cannot be looked at, whoever writes there tells. */
function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}
