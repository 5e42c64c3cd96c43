/** Marks of when output came: in order, few, and true of which stream came first. */
import { describe, expect, it } from 'vitest';
import { OutputTimes } from '../../../src/execution/local/output-times.ts';

describe('the times of output', () => {
  it('says how far each stream was by when', () => {
    const times = new OutputTimes(1_000);
    times.note('stdout', 10, 1_005);
    times.note('stderr', 7, 1_006);
    times.note('stdout', 30, 1_200);
    expect(times.marks()).toEqual([
      [5, 10, 0],
      [6, 10, 7],
      [200, 30, 7],
    ]);
  });

  it('never goes back, whatever the clock of the file system says', () => {
    const times = new OutputTimes(1_000);
    times.note('stdout', 10, 1_500);
    times.note('stderr', 5, 900);
    expect(times.marks()).toEqual([
      [500, 10, 0],
      [500, 10, 5],
    ]);
  });

  it('stays small, and keeps the latest', () => {
    const times = new OutputTimes(0);
    for (let at = 1; at <= 20_000; at += 1) times.note('stdout', at * 10, at);
    const marks = times.marks();
    expect(marks.length).toBeLessThanOrEqual(241);
    expect(marks.at(-1)?.[1]).toBe(200_000);
    expect(marks.every(([at], index) => at >= (marks[index - 1]?.[0] ?? 0))).toBe(true);
  });
});
