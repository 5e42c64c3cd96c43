/** Every message between the bridge and its agent, a line each, for whoever looks for a fault of either: acp.jsonl. */
import { closeSync } from 'node:fs';
import { createForWriting, writeAll } from '../../../disk/disk.ts';
import { withoutSecretsIn, type Secret } from '../../../text/redact.ts';

/** Of a longer message, and of others that are not to be read, only the length is kept. */
const MOST_CHARS = 1 << 20;
/** Nobody reads more: an agent that prints without end shall not fill the disk. */
const MOST_BYTES = 64 << 20;

export class ProtocolLog {
  readonly #secrets: readonly Secret[];
  #fd: number | null;
  #roomBytes = MOST_BYTES;

  /** `secrets`: kept out of it. */
  constructor(file: string, secrets: readonly Secret[]) {
    this.#secrets = secrets;
    this.#fd = attempt(() => createForWriting(file)) ?? null;
  }

  keep(from: 'agent' | 'client', line: string): void {
    const isLeftOut = line.length > MOST_CHARS || this.#mayBePiece(line);
    const told = isLeftOut ? JSON.stringify({ omitted_chars: line.length }) : line;
    const fd = this.#fd;
    if (fd === null || this.#roomBytes < 0) return;
    this.#roomBytes -= Buffer.byteLength(told);
    const kept = this.#roomBytes < 0 ? '{"omitted":"all that follows"}' : told;
    const text = `{"from":"${from}","message":${kept}}\n`;
    attempt(() => writeAll(fd, withoutSecretsIn(Buffer.from(text), this.#secrets)));
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = null;
    if (fd !== null) closeSync(fd);
  }

  /** What comes in pieces, messages and what commands print, may hold a piece of a secret; as a whole it stands in the events. */
  #mayBePiece(line: string): boolean {
    if (this.#secrets.length === 0) return false;
    if (/"sessionUpdate":\s*"\w+_chunk"/.test(line)) return true;
    // codex-acp tells so what a command prints, as it comes.
    return (
      /"sessionUpdate":\s*"tool_call_update"/.test(line) &&
      !/"status":\s*"(?:completed|failed)"/.test(line)
    );
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
