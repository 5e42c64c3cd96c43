/** Output and errors as one list: in the order in which they came, with times as far as they were recorded. */
import { describe, expect, it } from 'vitest';
import type { ActivityItem } from '../../../src/web/api/attempt.ts';
import { isPlainOutput, logLines, marksOf } from '../../../src/web/page/data/log-lines.ts';

const printed = (at: number, text: string): ActivityItem => ({
  at,
  activity: { type: 'output', text },
  clipped: false,
});

describe('the lines of an attempt', () => {
  const items = [printed(0, 'one'), printed(4, 'two'), printed(8, 'three')];

  it('stand in the order in which they came', () => {
    const marks = marksOf({ output_times: '5 8 0, 90 8 6, 200 14 6' });
    const lines = logLines(items, { text: 'oh no\n', from: 0 }, marks);
    expect(lines.map(({ text, atMs, stream }) => [text, atMs, stream])).toEqual([
      ['one', 5, 'out'],
      ['two', 5, 'out'],
      ['oh no', 90, 'err'],
      ['three', 200, 'out'],
    ]);
  });

  it('come without times where nobody recorded them, and what was printed comes first', () => {
    const lines = logLines(
      items,
      { text: 'oh\nTypeError: x is not a function', from: 0 },
      marksOf(null),
    );
    expect(lines.map(({ text }) => text)).toEqual([
      'one',
      'two',
      'three',
      'oh',
      'TypeError: x is not a function',
    ]);
    expect(lines.every(({ atMs }) => atMs === null)).toBe(true);
    expect(lines.map(({ bad }) => bad)).toEqual([false, false, false, false, true]);
  });

  it('count bytes, as the files do', () => {
    const marks = marksOf({ output_times: '10 0 9, 20 0 12' });
    const lines = logLines([], { text: 'größe\nzz\n', from: 0 }, marks);
    expect(lines.map(({ atMs }) => atMs)).toEqual([10, 20]);
  });

  it('take no nonsense for marks', () => {
    expect(marksOf({ output_times: '' })).toEqual([]);
    expect(marksOf({ output_times: 'a b c, 1 2, 3 4 5' })).toEqual([[3, 4, 5]]);
    expect(marksOf({ output_times: 7 })).toEqual([]);
  });

  it('tell a command with what it printed and how it ended', () => {
    const command: ActivityItem = {
      at: 0,
      clipped: false,
      activity: {
        type: 'command',
        id: 'c',
        command: 'npm test',
        output: 'ok 1\nnot ok 2\n',
        exitCode: 1,
        status: 'failed',
      },
    };
    expect(logLines([command], null, []).map(({ text, bad }) => [text, bad])).toEqual([
      ['$ npm test', false],
      ['ok 1', false],
      ['not ok 2', true],
      ['exit 1', true],
    ]);
    expect(isPlainOutput([command])).toBe(false);
    expect(isPlainOutput(items)).toBe(true);
  });
});
