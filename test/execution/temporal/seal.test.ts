import { describe, expect, it } from 'vitest';
import type { Placement } from '../../../src/execution/temporal/protocol.ts';
import { queueKey, seal, unseal } from '../../../src/execution/temporal/seal.ts';

const placement: Placement = {
  protocol: 1,
  id: 'r/i/1.0',
  depot: { url: 'https://runs.example:1' },
  token: 'secret',
  manifestSha256: 'ab',
  fenceMs: 1000,
};
const name = { queue_key_env: 'QUEUE_KEY' };
const key = queueKey(name, { QUEUE_KEY: 'a'.repeat(64) });
const other = queueKey(name, { QUEUE_KEY: 'b'.repeat(64) });

describe('the argument of an attempt', () => {
  it('is read again by who has the key, and by nobody else', () => {
    const sealed = seal(placement, key);
    expect(JSON.stringify(sealed)).not.toContain('secret');
    expect(unseal(sealed, key)).toEqual({ ok: true, placement });
    expect(unseal(sealed, other)).toMatchObject({ why: expect.stringContaining('another key') });
    expect(unseal(sealed, null)).toMatchObject({ why: expect.stringContaining('queue_key_env') });
  });

  it('goes as it is without a key, and is not taken by who has one', () => {
    expect(unseal(seal(placement, null), null)).toEqual({ ok: true, placement });
    expect(unseal(placement, key)).toMatchObject({ why: expect.stringContaining('not sealed') });
  });

  it('of another version is refused by both numbers, also where it is sealed', () => {
    const { ok, ...rest } = unseal(seal({ ...placement, protocol: 9 }, key), key);
    expect(ok).toBe(false);
    expect(JSON.stringify(rest)).toMatch(/version 1 .* the run 9/);
  });

  it('that was changed, or names another place, is none', () => {
    const sealed = seal(placement, key) as { protocol: number; sealed: string };
    const bytes = Buffer.from(sealed.sealed, 'base64');
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    expect(unseal({ ...sealed, sealed: bytes.toString('base64') }, key).ok).toBe(false);
    for (const id of ['../x/1.0', 'r/../1.0', 'r/i/1', '']) {
      expect(unseal({ ...placement, id }, null).ok).toBe(false);
    }
    for (const nothing of [null, 1, 'x', [], {}]) expect(unseal(nothing, null).ok).toBe(false);
  });

  it('needs a key of some length', () => {
    expect(() => queueKey(name, { QUEUE_KEY: 'short' })).toThrow(/fewer than 32/);
    expect(() => queueKey(name, {})).toThrow(/QUEUE_KEY.* is not set/);
    expect(queueKey({ queue_key_env: null }, {})).toBeNull();
  });
});
