import { readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { identityOf, isSameProcess, ownIdentity, parseStat } from '../../src/processes/identity.ts';
import { until } from '../execution/local/orders.ts';
import { canLimitDescriptors, withoutDescriptors } from '../support/descriptors.ts';

describe('the identity of a process', () => {
  it('is ours while we live', () => {
    const own = ownIdentity();
    expect(own.pid).toBe(process.pid);
    expect(isSameProcess(own)).toBe('alive');
    expect(isSameProcess({ ...own, startTime: '1' })).toBe('gone');
    expect(isSameProcess({ ...own, pidNamespace: 'pid:[1]' })).toBe('unknown');
    expect(isSameProcess({ ...own, bootId: 'other' })).toBe('gone');
    expect(isSameProcess({ ...own, bootId: 'other', host: 'other' })).toBe('unknown');
  });

  it.runIf(canLimitDescriptors)('is unknown to who has no descriptor left to look', () => {
    const own = ownIdentity();
    expect(withoutDescriptors(() => isSameProcess(own))).toBe('unknown');
  });

  it('ends with the process', async () => {
    const child = spawn('sleep', ['300']);
    const identity = identityOf(child.pid ?? 0);
    expect(identity).not.toBeNull();
    if (identity === null) return;
    expect(isSameProcess(identity)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isSameProcess(identity)).toBe('gone');
    expect(identityOf(identity.pid)).toBeNull();
  });

  it.runIf(process.platform === 'linux')('a zombie is gone', async () => {
    // The shell becomes a sleep that never waits for its child.
    const parent = spawn('sh', ['-c', 'sleep 300 & echo $!; exec sleep 300']);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const identity = identityOf(Number(line.toString()));
    expect(identity).not.toBeNull();
    if (identity === null) return;
    const comm = (): string => readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim();
    await until('the shell is gone', () => comm() === 'sleep');
    process.kill(identity.pid, 'SIGKILL');
    await until('it is a zombie', () => isSameProcess(identity) === 'gone');
    expect(process.kill(identity.pid, 0)).toBe(true); // kill(2) still knows it
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it('is read from a stat line whatever the process calls itself', () => {
    const rest = 'S 1 42 43 0 -1 4194304 103 0 0 0 0 0 0 0 20 0 1 0 184249 2654208 402';
    for (const name of ['(sh)', '(a b)', '(x) R 9 9 9)', '(()']) {
      expect(parseStat(`77 ${name} ${rest}\n`)).toEqual({
        state: 'S',
        pgrp: 42,
        session: 43,
        startTime: '184249',
      });
    }
    expect(parseStat('')).toBeNull();
    expect(parseStat('77 (sh) S 1')).toBeNull();
  });
});
