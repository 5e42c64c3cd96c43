/**
 * Connections that have not shown the token. Any user of the machine can open them, and send a request byte by byte, or
 * none: so there are a few at most, and the oldest makes way for the next one. Whoever has the token shows it at once.
 */
import type { Socket } from 'node:net';

const MOST = 200;

export class Strangers {
  /** The oldest first. */
  readonly #open = new Set<Socket>();

  add(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#open.size <= MOST) return;
    const [oldest] = this.#open;
    oldest?.destroy();
  }

  /** It has shown the token: it stays as long as it likes. */
  letIn(socket: Socket): void {
    this.#open.delete(socket);
  }
}
