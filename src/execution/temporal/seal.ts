/**
 * The argument of an attempt's activity as the server sees it: where there is a key, sealed with AES-256-GCM, so that who reads
 * the server's database, or its pages, can take nothing from the depot.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { TemporalSettings } from '../../model/machines.ts';
import { isJsonObject, type Json } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import { isPlacementId } from './depot/layout.ts';
import { PROTOCOL_VERSION, type Argument, type Placement } from './protocol.ts';

const CIPHER = 'aes-256-gcm';
/** NIST SP 800-38D: 96 bits, fresh each time. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A key is drawn, not thought up: `openssl rand -hex 32`. */
const MIN_KEY_CHARS = 32;

/** What `queue_key_env` names; null: nothing is sealed. @throws Refusal `queue-key` where it is named and cannot be used */
export function queueKey(
  { queue_key_env: name }: Pick<TemporalSettings, 'queue_key_env'>,
  env: Readonly<NodeJS.ProcessEnv>,
): Buffer | null {
  if (name === null) return null;
  const text = env[name] ?? '';
  if (text.length < MIN_KEY_CHARS) {
    const what = text === '' ? 'is not set' : `has fewer than ${MIN_KEY_CHARS} characters`;
    throw new Refusal('queue-key', `The variable ${name}, the key of the queue, ${what}.`, {
      hint: 'Make one with: openssl rand -hex 32. All workers of the queue need the same.',
    });
  }
  return createHash('sha256').update(text).digest();
}

/** `key` null: as it is. */
export function seal(placement: Placement, key: Buffer | null): Argument {
  if (key === null) return placement;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const body = Buffer.concat([cipher.update(JSON.stringify(placement)), cipher.final()]);
  const sealed = Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
  return { protocol: placement.protocol, sealed };
}

/** What was sealed; what does not fit is said in words that the run's side shows. It is of whoever may write to the queue. */
export function unseal(
  argument: unknown,
  key: Buffer | null,
): { ok: true; placement: Placement } | { ok: false; why: string } {
  const given = argument as Json;
  if (!isJsonObject(given)) return { ok: false, why: 'it was called with what is no attempt' };
  const { protocol, sealed } = given;
  if (protocol !== PROTOCOL_VERSION) {
    const theirs = typeof protocol === 'number' ? `${protocol}` : 'none';
    return {
      ok: false,
      why: `the worker speaks version ${PROTOCOL_VERSION} of what passes between machines, the run ${theirs}: install the same codex-orch on both`,
    };
  }
  let text: string | null = null;
  if (typeof sealed === 'string') {
    if (key === null)
      return { ok: false, why: 'the attempt is sealed, and the worker has no queue_key_env' };
    text = opened(Buffer.from(sealed, 'base64'), key);
    if (text === null)
      return {
        ok: false,
        why: 'the attempt is sealed with another key than the worker has in queue_key_env',
      };
  } else if (key !== null) {
    return { ok: false, why: 'the attempt is not sealed, and the worker has a queue_key_env' };
  }
  const placement = text === null ? given : (JSON.parse(text) as Json);
  if (!isPlacement(placement)) return { ok: false, why: 'it was called with what is no attempt' };
  return { ok: true, placement };
}

function opened(bytes: Buffer, key: Buffer): string | null {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const body = bytes.subarray(NONCE_BYTES + TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

function isPlacement(value: unknown): value is Placement {
  if (!isJsonObject(value as Json)) return false;
  const { id, depot, token, manifestSha256, fenceMs, protocol } = value as Record<string, unknown>;
  const isString = (each: unknown): boolean => typeof each === 'string';
  if (typeof id !== 'string' || !isPlacementId(id) || protocol !== PROTOCOL_VERSION) return false;
  if (!isJsonObject(depot as Json)) return false;
  const { url, directory } = depot as Record<string, unknown>;
  if (!isString(url) && !isString(directory)) return false;
  return isString(token) && isString(manifestSha256) && typeof fenceMs === 'number' && fenceMs > 0;
}
