/** Every message between the bridge and its agent, a line each, for whoever looks for a fault of either: acp.jsonl. */
import { closeSync } from 'node:fs';
import { createForWriting, writeAll } from '../../../disk/disk.ts';
import { redactor, type Secret } from '../../../text/redact.ts';

/** Of a longer message only the length is kept. */
const MOST_CHARS = 1 << 20;

export class ProtocolLog {
  readonly #secrets: readonly Secret[];
  #fd: number | null;

  /** `secrets`: kept out of it. */
  constructor(file: string, secrets: readonly Secret[]) {
    this.#secrets = secrets;
    this.#fd = attempt(() => createForWriting(file)) ?? null;
  }

  keep(from: 'agent' | 'client', line: string): void {
    const told = line.length > MOST_CHARS ? JSON.stringify({ omitted_chars: line.length }) : line;
    const fd = this.#fd;
    if (fd === null) return;
    const text = `{"from":"${from}","message":${told}}\n`;
    attempt(() => writeAll(fd, this.#redacted(Buffer.from(text))));
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = null;
    if (fd !== null) closeSync(fd);
  }

  #redacted(bytes: Buffer): Buffer {
    if (this.#secrets.length === 0) return bytes;
    const { push, end } = redactor(this.#secrets);
    return Buffer.from(push(bytes.toString('latin1')) + end(), 'latin1');
  }
}

/** A full disk must not end an attempt for the sake of this. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
