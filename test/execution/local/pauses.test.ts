/** How long a quiet attempt is not looked at, and that what it prints is told all the same. */
import { once } from 'node:events';
import { appendFileSync, mkdirSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DOZE_MS, Pauses } from '../../../src/execution/local/pauses.ts';
import { temporaryDirectory, until } from './orders.ts';

const root = temporaryDirectory('pauses');
let made = 0;
const opened: Pauses[] = [];

afterEach(() => {
  for (const pauses of opened.splice(0)) pauses.close();
});

function quiet(directory: string): { pauses: Pauses; stdout: string; told: () => number } {
  let count = 0;
  const stdout = path.join(directory, 'events.jsonl');
  const stderr = path.join(directory, 'stderr.log');
  const pauses = new Pauses({ stdout, stderr }, () => (count += 1));
  opened.push(pauses);
  return { pauses, stdout, told: () => count };
}

function directoryWithOutput(): string {
  const directory = path.join(root, String((made += 1)));
  mkdirSync(directory, { recursive: true });
  for (const name of ['events.jsonl', 'stderr.log']) writeFileSync(path.join(directory, name), '');
  return directory;
}

/** As of an attempt that prints nothing. */
function settled(pauses: Pauses, leftMs = Infinity): number[] {
  return Array.from({ length: 8 }, () => pauses.next(leftMs, false));
}

describe('an attempt that prints nothing', () => {
  it('is looked at ever less, and least once what it prints is told', () => {
    const { pauses } = quiet(directoryWithOutput());
    const each = settled(pauses);
    expect(each.slice(0, 5)).toEqual([100, 200, 400, 500, expect.any(Number)]);
    for (const pause of each.slice(4)) {
      expect(pause).toBeGreaterThanOrEqual(500);
      expect(pause).toBeLessThanOrEqual(DOZE_MS + 500);
    }
  });

  it('is looked at together with all others', () => {
    const all = [quiet(directoryWithOutput()), quiet(directoryWithOutput())];
    for (const { pauses } of all) settled(pauses);
    const [first = NaN, second = NaN] = all.map(
      ({ pauses }) => performance.now() + pauses.next(Infinity, false),
    );
    const apart = Math.abs(first - second) % DOZE_MS;
    expect(Math.min(apart, DOZE_MS - apart)).toBeLessThan(DOZE_MS / 4);
  });

  it('is looked at soon when it prints, which is told once', async () => {
    const { pauses, stdout, told } = quiet(directoryWithOutput());
    settled(pauses);
    appendFileSync(stdout, 'again\n');
    await until('what it prints is told', () => told() > 0);
    appendFileSync(stdout, 'and again\n');
    expect(pauses.next(Infinity, false)).toBe(500);
    pauses.begin();
    expect(pauses.next(Infinity, false)).toBe(100);
    expect(told()).toBe(1);
  });

  it('wakes nobody by what is no output', async () => {
    const directory = directoryWithOutput();
    const { pauses, stdout, told } = quiet(directory);
    settled(pauses);
    const watcher = watch(directory);
    writeFileSync(path.join(directory, 'runtime.json'), '{}');
    await once(watcher, 'change');
    watcher.close();
    expect(told()).toBe(0);
    appendFileSync(stdout, 'x\n');
    await until('what it prints is told', () => told() === 1);
  });

  it('is looked at more the nearer a limit is', () => {
    const { pauses } = quiet(directoryWithOutput());
    expect(settled(pauses, 8000).at(-1)).toBeLessThanOrEqual(800);
    expect(pauses.next(100, false)).toBe(500);
  });

  it('is looked at every half second where a report of it is due, and where nothing can be told', () => {
    const { pauses } = quiet(directoryWithOutput());
    settled(pauses);
    expect(pauses.next(Infinity, true)).toBe(500);
    const { pauses: untold } = quiet(path.join(root, 'missing'));
    expect(settled(untold).slice(3)).toEqual([500, 500, 500, 500, 500]);
  });
});
