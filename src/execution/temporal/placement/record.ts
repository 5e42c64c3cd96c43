/**
 * `remote.json` in the control directory: how far an attempt has come on its way over the server. The next engine goes on from
 * it; the server forgets what is over.
 */
import path from 'node:path';
import { replaceFile } from '../../../disk/disk.ts';
import { readForeignText } from '../../../disk/foreign-file.ts';
import { isJsonObject, type Json } from '../../../model/json.ts';
import type { AttemptEnd, AttemptOrder } from '../../../model/attempt.ts';

export interface RemoteRecord {
  generation: number;
  /**
   * `void`: nothing of this generation was asked of the server, and never will be. `starting`: it may have been. `placed`: the
   * server has accepted it. `over`: it has ended here, with `end`.
   */
  state: 'void' | 'starting' | 'placed' | 'over';
  /** As in `Way`. */
  takes: number;
  host: string | null;
  end: AttemptEnd | null;
}

const MAX_BYTES = 4 << 20;

type Place = Pick<AttemptOrder, 'controlDir'>;

function fileOf({ controlDir }: Place): string {
  return path.join(controlDir, 'remote.json');
}

/** null: the server was never asked. */
export function readRecord(order: Place): RemoteRecord | null {
  const read = readForeignText(fileOf(order), { maxBytes: MAX_BYTES });
  if (!read.ok) return null;
  try {
    const value = JSON.parse(read.text) as Json;
    return isJsonObject(value) ? (value as unknown as RemoteRecord) : null;
  } catch {
    return null;
  }
}

export function writeRecord(order: Place, record: RemoteRecord): void {
  replaceFile(fileOf(order), `${JSON.stringify(record)}\n`, { durable: true });
}
