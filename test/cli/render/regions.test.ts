/** 17. A region as a person sees it: one line, items by their keys, and why a task that gathers them waits. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { resolveInstanceId } from '../../../src/app/run/resolve-instance.ts';
import { spendingOf } from '../../../src/app/run/spending.ts';
import { closingLines } from '../../../src/cli/render/closing-lines.ts';
import { noteworthyLine } from '../../../src/cli/render/event-lines.ts';
import { liveLines } from '../../../src/cli/render/live-lines.ts';
import { markdownLines } from '../../../src/cli/render/markdown.ts';
import { makePaint } from '../../../src/cli/render/paint.ts';
import { explainInstance } from '../../../src/core/explain/explain.ts';
import { Refusal } from '../../../src/model/refusal.ts';
import type { ForEach } from '../../../src/model/program.ts';
import { broken, ScriptedRun } from '../../core/scripted-run.ts';
import { NOW, RUN_ID, task } from '../../support/make.ts';

const paint = makePaint(false);
const context = { programDir: '.', driven: true };

/** `fix` for each of these files, `check` after it, `sum` of all. */
function started(files: string[]): ScriptedRun {
  const for_each: ForEach = {
    ...{ items: files.map((file) => ({ file })), as: 'failure', key: 'file', max_parallel: null },
    ...{ ask_above: null, max_items: 1000, stop_after: null },
  };
  return new ScriptedRun(
    [
      task({ id: 'fix', for_each }),
      task({ id: 'check', depends_on: ['fix'] }),
      task({
        id: 'sum',
        depends_on: [{ task: 'check', kind: 'order', consume: [], as: null, gather: 'settled' }],
      }),
    ],
    { slots: 2 },
  );
}

function live({ state }: ScriptedRun): string[] {
  const input = { state, activities: new Map(), nowMs: Date.parse(NOW), note: null };
  return liveLines(input, { columns: 80, rows: 24, paint }).map(stripVTControlCharacters);
}

const idOf = (run: ScriptedRun, text: string): string => resolveInstanceId(run.state, text);

describe('17. a region on the terminal', () => {
  it('is one line with a bar, beside what is at work, waits or failed', () => {
    const run = started(['a.ts', 'b.ts', 'c.ts', 'd.ts']);
    run.finish('fix', { process: broken }, idOf(run, 'fix:a.ts'));
    run.ask(run.state.instances.get(idOf(run, 'fix:b.ts'))!, { question: 'Which?' });
    run.finish('fix', {}, idOf(run, 'fix:b.ts'));
    run.finish('fix', {}, idOf(run, 'fix:c.ts'));
    expect(live(run)).toEqual([
      `${RUN_ID} · running · 1/9 done · 0s`,
      '● fix               █████░░░░░░░░░░░░░░░ 1 of 4 items, 3 at work, 1 failed',
      '✖   fix a.ts        exit status 1',
      '?   fix b.ts        asks you: Which?',
      '●   fix d.ts    0s  starting',
      '●   check c.ts  0s  starting',
      '· sum               after all of fix',
    ]);
  });

  it('names items where it tells of instances', () => {
    const run = started(['a.ts', 'b.ts']);
    run.finish('fix', { process: broken }, idOf(run, 'fix:a.ts'));
    run.finish('fix', {}, idOf(run, 'fix:b.ts'));
    run.finish('check');
    run.finish('sum');
    const lines = closingLines({
      ...{ state: run.state, spending: spendingOf(run.state, {}), program: '', paint, columns: 80 },
      isTerminal: true,
      markdown: markdownLines,
      ...{ runDirectory: '.runs/x', interrupted: false, left: false },
      driven: false,
      outcome: [],
    });
    expect(lines.join('\n')).toContain(`✖ ${idOf(run, 'fix:a.ts')} (a.ts):`);
    const told = run.events.flatMap((event) => noteworthyLine(event, run.state) ?? []);
    expect(told).toContainEqual(expect.stringContaining(`${idOf(run, 'fix:0')} (a.ts)  failed`));
  });

  it('says how many items something waits for, and in which item something is', () => {
    const run = started(['a.ts', 'b.ts', 'c.ts']);
    expect(explainInstance(run.state, idOf(run, 'sum'), context).why).toBe(
      'it waits for 3 of 3 items of check',
    );
    run.finish('fix', {}, idOf(run, 'fix:a.ts'));
    run.finish('fix', {}, idOf(run, 'fix:b.ts'));
    expect(explainInstance(run.state, idOf(run, 'fix:b.ts'), context).why).toMatch(
      /^item b.ts: done/,
    );
  });
});

describe('17. naming an instance by its item', () => {
  it('takes the key or the place, and says how where that is missing', () => {
    const run = started(['a.ts', 'src/b:c.ts', '0']);
    const [first, second, third] = run.all('fix').map(({ instance_id: id }) => id);
    expect(idOf(run, 'fix:a.ts')).toBe(first);
    expect(idOf(run, 'fix:src/b:c.ts')).toBe(second);
    expect(idOf(run, 'fix:1')).toBe(second);
    // A key before a place.
    expect(idOf(run, 'fix:0')).toBe(third);
    expect(() => idOf(run, 'fix')).toThrow(`"fix" fits 3 instances: ${first} (a.ts), `);
    expect(() => idOf(run, 'fix:x')).toThrow(Refusal);
  });
});
