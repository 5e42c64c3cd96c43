/**
 * What opens one attempt at a depot, and nothing else: `<expiry>.<HMAC-SHA256 over id and expiry>`, both as text. The key is the user's on
 * the machine of the run; nobody else has it, and nothing about a token is written down.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import path from 'node:path';
import { createFile, makeDirectory } from '../../../disk/disk.ts';
import { readForeign } from '../../../disk/foreign-file.ts';
import { ExitStatus, Refusal } from '../../../model/refusal.ts';

/** Longer than any attempt may take at the server: 30 days, and a day for clocks that differ. */
export const TOKEN_MS = 31 * 24 * 60 * 60_000;

const KEY_BYTES = 32;

/** Of this user; made with the first use. @throws Refusal `depot-key` */
export function depotKey(globalRoot: string): Buffer {
  const file = path.join(globalRoot, 'depot.key');
  makeDirectory(globalRoot);
  createFile(file, randomBytes(KEY_BYTES).toString('hex'), { durable: true });
  const read = readForeign(file, { maxBytes: 1024 });
  const key = read.ok ? Buffer.from(read.bytes.toString('utf8').trim(), 'hex') : Buffer.alloc(0);
  if (key.length === KEY_BYTES) return key;
  const why = read.ok ? 'it is no key' : read.reason;
  throw new Refusal('depot-key', `${file}: ${why}.`, {
    hint: 'Remove it: another is made. Workers then lose the attempts that they have.',
    exit: ExitStatus.failed,
  });
}

/** `expiresMs`: since 1970. */
export function tokenFor(key: Buffer, id: string, expiresMs: number): string {
  return `${expiresMs}.${macOf(key, id, expiresMs)}`;
}

/** Why a token does not open an attempt; null: it does. */
export function tokenTrouble(key: Buffer, id: string, token: string, nowMs: number): string | null {
  const [, expiry, mac] = /^(\d{1,15})\.([0-9a-f]{64})$/.exec(token) ?? [];
  if (expiry === undefined || mac === undefined) return 'the token is none of ours';
  const expected = Buffer.from(macOf(key, id, Number(expiry)));
  if (!timingSafeEqual(expected, Buffer.from(mac))) {
    return `the token does not open ${id}: it is another attempt's, or the key of the run's machine is another by now`;
  }
  if (nowMs <= Number(expiry)) return null;
  const [ended, now] = [Number(expiry), nowMs].map((at) => new Date(at).toISOString());
  return `the token expired at ${ended}, and it is ${now} on the run's machine`;
}

/** Says who has the key, and nothing of it; no token is of this form. */
export function proofOf(key: Buffer, challenge: string): string {
  return createHmac('sha256', key).update(`who ${challenge}`).digest('hex');
}

function macOf(key: Buffer, id: string, expiresMs: number): string {
  return createHmac('sha256', key).update(`${id}\n${expiresMs}`).digest('hex');
}
