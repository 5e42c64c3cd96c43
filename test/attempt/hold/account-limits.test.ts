import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  AccountLimits,
  forgetLimit,
  recordedLimits,
} from '../../../src/attempt/hold/account-limits.ts';
import { testDirectory } from '../../support/built-program.ts';

const root = testDirectory('account-limits');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const key = { account: '0123456789ab', model: 'm' };
const by = {
  ...{ backend: 'codex', agent: 'default', program_dir: '/p', run_id: 'r' },
  instance_id: 'a-1',
};

let globalRoot = '';
let now = '';
let count = 0;
beforeEach(() => {
  count += 1;
  globalRoot = path.join(root, String(count));
  now = '2026-01-01T12:00:00.000Z';
});
const open = () => new AccountLimits({ globalRoot, now: () => now });
const files = () => readdirSync(path.join(globalRoot, 'limits'));

describe('the record of a usage limit', () => {
  it('is the same for all that look, readable by the user alone, and gone when it is lifted', () => {
    const limits = open();
    expect(limits.isEmpty()).toBe(true);
    const until = '2026-01-01T15:01:00.000Z';
    const expected = { ...key, retry_at: '2026-01-01T15:00:00.000Z', until };
    expect(limits.met(key, '2026-01-01T15:00:00.000Z', by)).toMatchObject(expected);
    expect(open().of(key)).toEqual(expected);
    expect(open().of({ ...key, model: null })).toBeNull();
    const [name = ''] = files();
    expect(statSync(path.join(globalRoot, 'limits', name)).mode & 0o777).toBe(0o600);
    open().lifted(key);
    expect(limits.of(key)).toBeNull();
    expect(limits.isEmpty()).toBe(true);
  });

  it('stands where others come to it too, unless they know more', () => {
    const limits = open();
    const first = limits.met(key, null, by);
    expect(first.until).toBe('2026-01-01T12:30:00.000Z');
    now = '2026-01-01T12:10:00.000Z';
    expect(open().met(key, null, by).until).toBe(first.until);
    expect(open().met(key, '2026-01-01T14:00:00.000Z', by).retry_at).toBe(
      '2026-01-01T14:00:00.000Z',
    );
    now = '2026-01-01T14:01:30.000Z';
    const again = open().met(key, null, by);
    expect(again).toMatchObject({ retry_at: null, until: '2026-01-01T14:31:30.000Z' });
    expect(recordedLimits(globalRoot)).toMatchObject([{ since: '2026-01-01T12:00:00.000Z' }]);
  });

  it('says nothing of when, where the clock that made it was ahead', () => {
    now = '2026-01-05T12:00:00.000Z';
    open().met(key, '2026-01-05T15:00:00.000Z', by);
    now = '2026-01-01T12:00:00.000Z';
    const seen = open().of(key);
    expect(seen).toMatchObject(key);
    expect((seen?.until ?? '9') <= now).toBe(true);
    open().met(key, null, by);
    expect(open().of(key)?.until).toBe('2026-01-01T12:30:00.000Z');
  });

  it('comes again after a moment where a try told nothing', () => {
    open().met(key, null, by);
    now = '2026-01-01T12:31:00.000Z';
    open().unknown(key);
    expect(open().of(key)?.until).toBe('2026-01-01T12:32:00.000Z');
    forgetLimit(globalRoot, key);
    open().unknown(key);
    expect(open().of(key)).toBeNull();
  });

  it('holds nobody up where it is spoilt, and is known to whoever met it where no file can be', () => {
    const limits = open();
    limits.met(key, null, by);
    const [name = ''] = files();
    writeFileSync(path.join(globalRoot, 'limits', name), '{"account": 3');
    expect(open().of(key)).toBeNull();
    rmSync(path.join(globalRoot, 'limits'), { recursive: true });
    writeFileSync(path.join(globalRoot, 'limits'), '');
    const elsewhere = open();
    elsewhere.met(key, null, by);
    expect(elsewhere.of(key)).toMatchObject(key);
    elsewhere.lifted(key);
    expect(elsewhere.of(key)).toBeNull();
    expect(recordedLimits(globalRoot)).toEqual([]);
  });
});
