/**
 * One attempt's room in a depot, as a worker sees it: what it is given there, and where it puts what it makes. In a
 * directory that both sides see, or over HTTP; the server does for others what the directory's does here.
 */
import type { Orders, Sign } from '../protocol.ts';
import type { OutputName } from './layout.ts';

export interface Room {
  /** @throws DepotFailure where the attempt is over, or it was never given */
  manifest(): Promise<Buffer>;
  /** Puts a blob that the manifest names into a file of ours. @throws DepotFailure; the caller compares hashes */
  fetchBlob(sha256: string, file: string): Promise<void>;
  sign(sign: Sign): Promise<Orders>;
  /** Appends what is not there yet; `offset`: of the first of these bytes. `size`: what is there now. */
  append(
    name: OutputName,
    offset: number,
    bytes: Buffer,
  ): Promise<{ size: number; orders: Orders }>;
  ask(name: string, bytes: Buffer): Promise<void>;
  /** Which of these it does not have. */
  missing(sha256s: readonly string[]): Promise<string[]>;
  /** `below`: as for `openForeign`. @throws DepotFailure that passes where the file is another by now */
  putBlob(blob: { sha256: string; size: number }, file: string, below: string): Promise<void>;
  checkpoint(record: Buffer): Promise<void>;
  end(record: Buffer): Promise<void>;
}
