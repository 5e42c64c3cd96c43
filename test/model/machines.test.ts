import { describe, expect, it } from 'vitest';
import {
  depotUrlOf,
  fenceSecOf,
  isThisMachine,
  temporalDefaults,
} from '../../src/model/machines.ts';

describe('attempts on other machines', () => {
  it('stops an agent before its attempt counts as lost', () => {
    expect(fenceSecOf(temporalDefaults)).toBe(630);
    expect(fenceSecOf({ ...temporalDefaults, fence_sec: 90 })).toBe(90);
    const short = { ...temporalDefaults, heartbeat_timeout_sec: 3, lost_after_sec: 6 };
    expect(fenceSecOf(short)).toBe(6);
  });

  it('tells this machine from others', () => {
    const ours = ['127.0.0.1:7233', 'localhost:1', '[::1]:7233', '127.9.8.7', 'localhost'];
    const others = [
      '10.0.0.1:7233',
      'temporal.example:7233',
      '0.0.0.0:1',
      '127.example:1',
      '[::]:1',
    ];
    expect(ours.filter((each) => !isThisMachine(each))).toEqual([]);
    expect(others.filter(isThisMachine)).toEqual([]);
  });

  it('reaches a depot where it listens, unless told otherwise', () => {
    const listen = '127.0.0.1:7300';
    expect(depotUrlOf({ directory: null, listen, url: null })).toBe('http://127.0.0.1:7300');
    const url = 'https://depot.example';
    expect(depotUrlOf({ directory: null, listen, url })).toBe(url);
    expect(depotUrlOf({ directory: '/mnt/depot', listen: null, url: null })).toBeNull();
  });
});
