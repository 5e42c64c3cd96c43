/** Section 7 of the contract: what a command is given, and a missing Codex. */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { codexOrch, writeFiles } from '../support/built-program.ts';
import { dir, instancesOf, orch, program, show } from './shell-program.ts';

describe('7. Agents', () => {
  it('a command gets prompt, environment and workspace; its output is its message', async () => {
    mkdirSync(path.join(dir, 'ws'));
    program(
      {
        a: {
          agent: 'mine',
          workspace: 'ws',
          compose: [{ kind: 'literal', text: 'THE PROMPT' }],
          run: 'cat; pwd; env | grep ^CODEX_ORCH_ | cut -d= -f1 | sort; echo "$FROM_AGENT"; command -v codex-orch',
        },
      },
      { agents: { mine: { backend: 'command', env: { FROM_AGENT: 'yes' } } } },
    );
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(0);
    const run = await show();
    const [a] = instancesOf(run, 'a');
    const attempt = path.join(
      dir,
      '.runs',
      run.id,
      'instances',
      a!.instance_id,
      'attempts',
      '0001',
    );
    const output = readFileSync(path.join(attempt, 'events.jsonl'), 'utf8');
    expect(output).toContain('THE PROMPT');
    expect(output).toContain(`\n${path.join(dir, 'ws')}\n`);
    expect(output).toContain(
      [
        'CODEX_ORCH_ATTEMPT_DIR',
        'CODEX_ORCH_INSTANCE_DIR',
        'CODEX_ORCH_INSTANCE_ID',
        'CODEX_ORCH_PROGRAM_DIR',
        'CODEX_ORCH_PROJECT_WORKSPACE_DIR',
        'CODEX_ORCH_QUESTIONS_DIR',
        'CODEX_ORCH_RUN_DIR',
        'CODEX_ORCH_RUN_ID',
        'CODEX_ORCH_SLOT',
        'CODEX_ORCH_TASK_ID',
        'CODEX_ORCH_WORKSPACE_DIR',
        'yes',
      ].join('\n'),
    );
    expect(output.trimEnd().endsWith('/codex-orch')).toBe(true);
    expect(readFileSync(path.join(attempt, 'final.md'), 'utf8')).toBe(output);
  });

  it('an agent whose program is missing, or cannot start, refuses the start', async () => {
    program(
      { a: {}, b: { agent: 'none' }, c: { agent: 'gone' }, d: { agent: 'later' } },
      {
        default_agent: 'default',
        agents: {
          none: { backend: 'command', command: ['no-such-tool'] },
          gone: { backend: 'command', command: ['./gone.sh'] },
          later: { backend: 'command', command: ['./made-by-another-task.sh'] },
        },
      },
    );
    writeFiles(dir, {
      'tasks/a.yaml': 'id: a\ntitle: a\ncompose: [{kind: literal, text: Work.}]\n',
      'gone.sh': '#!/nowhere/sh\n',
    });
    chmodSync(path.join(dir, 'gone.sh'), 0o755);
    const start = (...words: string[]) =>
      codexOrch(['run', 'start', ...words], {
        cwd: dir,
        env: { CODEX_ORCH_CODEX_BIN: '/nowhere/codex' },
      });
    for (const [root, says] of [
      ['a', 'The Codex program "/nowhere/codex"'],
      ['b', 'The program "no-such-tool" is not an executable file on PATH. The task b needs it.'],
      ['c', 'names the interpreter /nowhere/sh in its first line, which does not exist'],
    ] as const) {
      for (const more of [[], ['--dry-run']]) {
        const refused = await start('--root', root, ...more);
        expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(says)]);
      }
    }
    expect((await orch('run', 'list')).stdout).toBe('');
    expect((await start('--root', 'd', '--dry-run')).code).toBe(0);
  });

  it('a stand-in for Codex that was written for the Python tool has its exit status alone', async () => {
    const session = '0199aaaa-0000-7000-8000-000000000001';
    const print = (line: object) => `echo '${JSON.stringify(line)}'`;
    const says = { id: 'item_1', type: 'agent_message', text: 'hello from a stand-in' };
    const standIn = [
      '#!/bin/sh',
      print({ type: 'session.created', session_id: session }),
      print({ type: 'item.completed', item: says }),
      'test "$CODEX_ORCH_TASK_ID" = well',
    ];
    program({ well: {}, ill: {} }, { default_agent: 'default' });
    const text = 'compose: [{kind: literal, text: Work.}]';
    writeFiles(dir, {
      'tasks/well.yaml': `id: well\ntitle: well\n${text}\n`,
      'tasks/ill.yaml': `id: ill\ntitle: ill\n${text}\n`,
      codex: `${standIn.join('\n')}\n`,
    });
    chmodSync(path.join(dir, 'codex'), 0o755);
    const ran = await codexOrch(['run', 'start', '--root', 'well', '--root', 'ill'], {
      cwd: dir,
      env: { CODEX_ORCH_CODEX_BIN: path.join(dir, 'codex') },
    });
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('codex')]);
    const run = await show();
    const [well, ill] = ['well', 'ill'].map((task) => instancesOf(run, task)[0]);
    expect(well).toMatchObject({ status: 'done', session_id: session });
    expect(ill).toMatchObject({ status: 'failed', termination_reason: 'nonzero_exit' });
  });
});
