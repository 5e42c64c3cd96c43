/** Pages of an attempt's output: whatever their size, from either end they join to the whole. */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { activityPage, LiveActivities } from '../../../src/agents/output/activities.ts';
import { textPage } from '../../../src/agents/output/pages.ts';
import { testDirectory } from '../../support/built-program.ts';

const root = testDirectory('web-pages');
const file = path.join(root, 'events.jsonl');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const lines = Array.from({ length: 400 }, (_, index) => {
  const length = index % 37 === 0 ? 5000 : index % 11;
  return `${index}:${'ä'.repeat(length)}`;
});

describe('pages', () => {
  it('read backwards from the end, or forwards from the start, are the whole', () => {
    writeFileSync(file, `${lines.join('\n')}\n`);
    for (const bytes of [64, 700, 20_000, 10 << 20]) {
      const backwards: string[] = [];
      let before: number | undefined;
      do {
        const page = textPage(file, { before, bytes, ended: true });
        expect(page.to).toBe(before ?? page.size);
        backwards.unshift(page.text);
        before = page.from;
      } while (before > 0);
      expect(backwards.join('')).toBe(`${lines.join('\n')}\n`);
      const forwards: string[] = [];
      for (let after = 0; ;) {
        const page = activityPage(file, 'command', { after, bytes, ended: true });
        for (const { activity } of page.activities) {
          forwards.push(activity.type === 'output' ? activity.text : activity.type);
        }
        if (page.to === page.size) break;
        after = page.to;
      }
      expect(forwards).toEqual(lines);
    }
  });

  it('leave a line in the making to the next page', () => {
    writeFileSync(file, 'one\ntw');
    const live = new LiveActivities(file, 'command', true);
    expect(activityPage(file, 'command', { bytes: 1024, ended: false })).toMatchObject({ to: 4 });
    expect(live.next(false).activities).toEqual([]);
    appendFileSync(file, 'o\nthr');
    expect(live.next(false).activities).toMatchObject([
      { at: 4, activity: { type: 'output', text: 'two' } },
    ]);
    expect(live.next(true).activities).toMatchObject([{ activity: { text: 'thr' } }]);
    expect(live.next(true).activities).toEqual([]);
  });

  it('bound what one line, and one burst, can take', () => {
    writeFileSync(file, `${'x'.repeat(9 << 20)}\nafter\n`);
    const page = activityPage(file, 'command', { after: 0, bytes: 1024, ended: true });
    expect(page.to).toBeGreaterThan(8 << 20);
    const text = textPage(file, { bytes: 1024, ended: true });
    expect(text.text).toBe('after\n');
    const live = new LiveActivities(file, 'command', false);
    // Far behind: it skips to what happened last, and a client sees the gap by its `from`.
    const chunk = live.next(false);
    expect(chunk.from).toBeGreaterThan(8 << 20);
    expect(chunk.activities).toMatchObject([{ activity: { text: 'after' } }]);
    const { activities } = activityPage(file, 'command', { bytes: 1024, ended: true });
    expect(JSON.stringify(activities).length).toBeLessThan(1024);
    writeFileSync(file, `${'y'.repeat(100_000)}\n`);
    const [clipped] = activityPage(file, 'command', { bytes: 1024, ended: true }).activities;
    expect(clipped?.clipped).toBe(true);
    expect(JSON.stringify(clipped).length).toBeLessThan(40_000);
  });

  it('of a file that is not there are empty', () => {
    const none = path.join(root, 'none');
    expect(textPage(none, { bytes: 1024, ended: true })).toMatchObject({ text: '', size: 0 });
    expect(new LiveActivities(none, 'codex', true).next(true)).toEqual({
      activities: [],
      from: 0,
      to: 0,
    });
  });
});
