import { spendingOf } from '../../../src/app/run/spending.ts';
import type { Prices } from '../../../src/model/program.ts';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  makeActivityPrinter,
  activityLine,
  shownCommand,
} from '../../../src/cli/render/activity-lines.ts';
import { duration } from '../../../src/cli/render/amounts.ts';
import { count } from '../../../src/text/amounts.ts';
import { closingLines } from '../../../src/cli/render/closing-lines.ts';
import { noteworthyLine } from '../../../src/cli/render/event-lines.ts';
import { liveLines } from '../../../src/cli/render/live-lines.ts';
import { markdownLines } from '../../../src/cli/render/markdown.ts';
import { makePaint } from '../../../src/cli/render/paint.ts';
import { pipedLine, tableLines, type Column } from '../../../src/cli/render/table.ts';
import { textWidth } from '../../../src/text/width.ts';
import type { RunState } from '../../../src/core/state/run-state.ts';
import { loop, NOW, RUN_ID, task } from '../../support/make.ts';
import { broken, completed, offline, ScriptedRun } from '../../core/scripted-run.ts';

const paint = makePaint(false);
const usage = {
  input_tokens: 12_000,
  cached_input_tokens: 0,
  output_tokens: 345,
  reasoning_output_tokens: 0,
};

function live(
  state: RunState,
  columns = 80,
  rows = 24,
  activities: [string, string][] = [],
): string[] {
  const input = {
    state,
    activities: new Map(activities),
    nowMs: Date.parse(NOW) + 65_000,
    note: null,
  };
  return liveLines(input, { columns, rows, paint });
}

function closing(
  state: RunState,
  options: { interrupted?: boolean; left?: boolean; program?: string; isTerminal?: boolean } = {},
  prices: Prices = {},
): string {
  return closingLines({
    state,
    spending: spendingOf(state, prices),
    program: options.program ?? '',
    runDirectory: `.runs/${state.runId}`,
    interrupted: options.interrupted ?? false,
    left: options.left ?? false,
    driven: false,
    outcome: [],
    markdown: markdownLines,
    paint,
    columns: 80,
    isTerminal: options.isTerminal ?? false,
  }).join('\n');
}

describe('the first line of the end', () => {
  it('is two on a terminal that it is too wide for, and one in a pipe', () => {
    const run = new ScriptedRun([task({ id: 'build' })]);
    run.finish('build', { process: { ...completed, usage } });
    const price = { input: 1_000_000, cached_input: 0, output: 1_000_000 };
    const [piped = ''] = closing(run.state, {}, { '*': price }).split('\n');
    expect(textWidth(piped)).toBeGreaterThan(80);
    const [head = '', facts = ''] = closing(run.state, { isTerminal: true }, { '*': price }).split(
      '\n',
    );
    expect(piped).toBe(`${head} (${facts.trim()})`);
    expect(textWidth(facts)).toBeLessThanOrEqual(80);
  });
});

describe('the live view', () => {
  it('shows each task in the order of its dependencies, with what it does or waits for', () => {
    const run = new ScriptedRun([
      task({ id: 'z-deploy', depends_on: ['build', 'ask'] }),
      task({ id: 'build', depends_on: ['plan'] }),
      task({ id: 'ask' }),
      task({ id: 'plan' }),
    ]);
    run.finish('plan', { process: { ...completed, usage } });
    run.ask(run.running('ask'), { question: 'Which\nbase?' });
    run.finish('ask');
    const lines = live(run.state, 80, 24, [[run.last('build').instance_id, '$ npm test']]);
    expect(lines).toEqual([
      `${RUN_ID} · running · 1/4 done · 1m05s · 12.3k tokens`,
      '✔ plan         0s',
      '● build     1m05s  $ npm test',
      '? ask              asks you: Which base?',
      '· z-deploy         after build, ask',
    ]);
  });

  it('folds the finished iterations of a loop', () => {
    const run = new ScriptedRun([
      task({ id: 'work' }),
      task({ id: 'check', depends_on: ['work'], control: loop(['work']) }),
    ]);
    for (let i = 0; i < 3; i += 1) {
      run.finish('work');
      run.continues('check', { n: i });
    }
    const lines = live(run.state)
      .slice(1)
      .map((line) => line.replace(/ {2,}/g, '  '));
    expect(lines).toEqual([
      '✔ work ×3  0s',
      '● work #4  1m05s  starting',
      '✔ check ×3  0s',
      '· check #4  after work',
    ]);
  });

  const many = new ScriptedRun(
    Array.from({ length: 300 }, (_, i) => task({ id: `task-${String(i).padStart(3, '0')}` })),
    { slots: 100 },
  );
  for (let i = 0; i < 95; i += 1)
    many.finish(`task-${String(i).padStart(3, '0')}`, i === 7 ? { process: broken } : {});

  it.each([
    [80, 24],
    [40, 10],
    [200, 50],
    [20, 5],
  ])('fits %i columns and %i lines, whatever the run', (columns, rows) => {
    const lines = live(many.state, columns, rows);
    expect(lines.length).toBeLessThanOrEqual(rows - 1);
    for (const line of lines) expect(textWidth(line)).toBeLessThan(columns);
  });

  it('folds what is done and what waits before what runs or failed', () => {
    const text = live(many.state, 80, 24).join('\n');
    expect(text).toContain('✖ task-007');
    expect(text).toMatch(
      /● task-095 .*· … and 82 more\n○ 105 wait for a free slot\n✔ 94 tasks done$/s,
    );
  });

  it('cannot be broken by what agents and authors wrote', () => {
    const run = new ScriptedRun([task({ id: 'ask' })]);
    run.ask(run.running('ask'), { question: '\u001b[2J\u001b]0;x\u0007evil\r\nline' });
    run.finish('ask');
    expect(live(run.state)[1]).toBe('? ask    asks you: evil line');
  });
});

describe('the closing words', () => {
  it('say how to answer each question', () => {
    const run = new ScriptedRun([task({ id: 'ask' })]);
    const id = run.ask(run.running('ask'), { question: 'Which base?', options: ['pg', 'lite'] });
    run.finish('ask');
    // Also while another engine drove it; but not while it rested.
    run.state.workedMs = 65_000;
    const text = closing(run.state, { program: 'prog ' });
    expect(text).toContain(`Run ${RUN_ID} waits for replies (0 of 1 instance done, 1m05s)`);
    expect(text).toContain('asks you:\n    Which base?\n    options: pg | lite');
    expect(text).toContain(`codex-orch inbox reply prog ${id} --text '…' --resume`);
    expect(text).toContain(`codex-orch run resume prog ${RUN_ID}`);
  });

  it('say which command moves a failed run', () => {
    const hopeless = new ScriptedRun([task({ id: 'a' })]);
    hopeless.finish('a', { process: broken });
    const id = hopeless.last('a').instance_id;
    expect(closing(hopeless.state)).toContain(`run retry-instance ${RUN_ID} ${id}`);
    expect(closing(hopeless.state)).toContain(`run logs ${RUN_ID} ${id}`);
    const passing = new ScriptedRun([task({ id: 'a' })]);
    passing.finish('a', { process: offline });
    expect(closing(passing.state)).toContain(`run resume ${RUN_ID}`);
    expect(closing(passing.state)).not.toContain('retry-instance');
  });

  it('say that all is answered, and that nobody goes on with it', () => {
    const run = new ScriptedRun([task({ id: 'a' }), task({ id: 'b' })], { slots: 2 });
    const [first, second] = ['a', 'b'].map((id) => run.ask(run.running(id)));
    run.finish('a');
    run.finish('b');
    run.reply(first ?? '');
    const partly = closing(run.state);
    expect(partly).toContain(`Run ${RUN_ID} waits for replies`);
    expect(partly).toContain(`the 1 instance answered:\n  codex-orch run resume ${RUN_ID}`);
    run.reply(second ?? '');
    const text = closing(run.state);
    expect(text).toContain(`Run ${RUN_ID} has its replies, and nobody drives it`);
    expect(text).toContain(`To go on:\n  codex-orch run resume ${RUN_ID}`);
    expect(text).not.toContain('inbox reply');
  });

  it('of a run that was left say that its agents are at work', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const text = closing(run.state, { left: true });
    expect(text).toContain(`Run ${RUN_ID} is left with its agents at work`);
    expect(text).toContain(`run resume ${RUN_ID}`);
    expect(closing(run.state)).toContain('nobody drives it');
  });

  it('of an aborted run say that it is over, and offer nothing that would be refused', () => {
    const run = new ScriptedRun([task({ id: 'a' }), task({ id: 'b', depends_on: ['a'] })]);
    run.abort();
    const text = closing(run.state);
    expect(text).toContain(`Run ${RUN_ID} aborted`);
    expect(text).toContain('It is over');
    expect(text).not.toMatch(/resume|retry/);
  });

  it('call an interrupted run stopped, also later, and do not blame its agents', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a', {
      process: { ...offline, failure_kind: 'interrupted', termination_reason: 'terminated' },
    });
    for (const interrupted of [true, false]) {
      const text = closing(run.state, { interrupted });
      expect(text).toContain(`Run ${RUN_ID} stopped`);
      expect(text).toContain(`Stopped on the way: ${run.last('a').instance_id}`);
      expect(text).not.toContain('✖');
      expect(text).toContain(`run resume ${RUN_ID}`);
    }
  });

  it('say where the results of a finished run lie', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a');
    expect(closing(run.state)).toContain(`.runs/${RUN_ID}/instances/*/published/`);
  });
});

describe('plain progress', () => {
  it('has a line for what is worth one, and no control characters', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.ask(run.running('a'), { question: '\u001b[31mred\u001b[0m?\nreally' });
    run.finish('a');
    const lines = run.events
      .map((event) => noteworthyLine(event, run.state))
      .filter((line) => line !== null)
      .map((line) => line.slice('00:00:00  '.length));
    const id = run.last('a').instance_id;
    expect(lines).toEqual([
      `${id}  started  attempt 1`,
      `${id}  asks  int-000000000001 asks a human: red? really`,
    ]);
  });
});

describe("an agent's work", () => {
  const printer = makeActivityPrinter(paint, 80);
  const command = { type: 'command', id: 'item_1', command: "/bin/bash -lc 'npm test'" } as const;

  it('shows a command when it starts, its output and failure when it ends', () => {
    expect(printer.push({ ...command, output: '', exitCode: null, status: 'in_progress' })).toEqual(
      ['', '$ npm test'],
    );
    expect(
      printer.push({ ...command, output: 'one\u001b[2J\r\ntwo\n', exitCode: 3, status: 'failed' }),
    ).toEqual(['  one', '  two', '  exit 3']);
  });

  it('shows a command that is first heard of at its end once', () => {
    const done = {
      ...command,
      id: 'item_2',
      output: '',
      exitCode: 0,
      status: 'completed',
    } as const;
    expect(printer.push(done)).toEqual(['', '$ npm test']);
  });

  it('leaves out the middle of a long output', () => {
    const output = Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n');
    const lines = printer.push({
      ...command,
      id: 'item_3',
      output,
      exitCode: 0,
      status: 'completed',
    });
    expect(lines).toHaveLength(2 + 41);
    expect(lines[2 + 20]).toBe('  … 60 lines …');
  });

  it.each([
    ["/bin/bash -lc 'echo hi'", 'echo hi'],
    [`bash -lc "echo \\"hi\\""`, 'echo "hi"'],
    [`/usr/bin/zsh -lc 'it'\\''s'`, "it's"],
    ['sh -c ls', 'ls'],
    ['npm test', 'npm test'],
  ])('takes the shell off %s', (wrapped, shown) => {
    expect(shownCommand(wrapped)).toBe(shown);
  });

  it('is one line in the live view', () => {
    expect(activityLine({ type: 'message', id: 'x', text: 'a\nb\u0007' })).toBe('a b');
    expect(
      activityLine({
        type: 'todo',
        id: 'x',
        items: [
          { text: 'one', completed: true },
          { text: 'two', completed: false },
        ],
      }),
    ).toBe('plan 1/2: two');
  });
});

describe('tables', () => {
  interface Row {
    id: string;
    text: string;
  }
  const columns: Column<Row>[] = [
    { title: 'ID', cell: (row) => row.id },
    { title: 'TEXT', cell: (row) => row.text, piped: (row) => `text=${row.text}`, flexible: true },
    { title: 'END', cell: () => 'x', only: 'table' },
  ];
  const rows = [
    { id: 'a', text: 'short' },
    { id: 'bb', text: 'a text that is\tmuch too long for so narrow a terminal' },
  ];

  it('fit the terminal, and align', () => {
    expect(tableLines(rows, columns, 30, paint)).toEqual([
      'ID  TEXT                   END',
      'a   short                  x',
      'bb  a text that is much …  x',
    ]);
  });

  it('is never wider than the terminal: spare columns go first, ids last', () => {
    const known: Column<string>[] = [
      { title: 'ID', cell: () => 'int-0123456789ab' },
      { title: 'RUN', cell: () => '20261126054536-5fc969d5', spare: true },
      { title: 'INSTANCE', cell: (row) => row, flexible: true },
      { title: 'QUESTION', cell: () => 'Is this 漢字 good enough? '.repeat(9), flexible: true },
    ];
    for (const width of [120, 80, 60, 40, 38]) {
      const lines = tableLines(['acceptance_gate-01234567'], known, width, paint);
      for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(width);
      expect(lines[0]?.includes('RUN')).toBe(width > 100);
      expect(lines[1]).toContain('int-0123456789ab');
    }
  });

  it('are tab-separated without a heading when piped', () => {
    expect(pipedLine(rows[1] as Row, columns)).toBe(
      'bb\ttext=a text that is much too long for so narrow a terminal',
    );
  });
});

it('says amounts shortly', () => {
  expect([0, 59_999, 60_000, 3_600_000, 90_000_000].map(duration)).toEqual([
    '0s',
    '59s',
    '1m00s',
    '1h00m',
    '1d01h',
  ]);
  expect([0, 999, 1000, 12_345, 999_949, 999_950, 4_600_000].map(count)).toEqual([
    '0',
    '999',
    '1k',
    '12.3k',
    '999.9k',
    '1M',
    '4.6M',
  ]);
});

it('paints only what it is asked to', () => {
  const colored = makePaint(true).bad('x');
  expect(colored).not.toBe('x');
  expect(stripVTControlCharacters(colored)).toBe('x');
  expect(paint.bad('x')).toBe('x');
});
