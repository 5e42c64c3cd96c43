/** Section 8.4 of the contract: what makes an attempt fail, in the words that it is told. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { codexOrch, writeFiles } from '../support/built-program.ts';
import { standInCodex } from '../support/stand-in-codex.ts';
import { dir, instancesOf, lives, orch, program, show } from './shell-program.ts';

describe('8.4 How it ends', () => {
  it('a file to publish that is missing fails it, and is named', async () => {
    program({ a: { run: 'echo hi', publish: ['final.md', 'report.txt'] } });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    expect(instancesOf(await show(), 'a')[0]!.error).toContain('report.txt');
  });

  it.each([
    ['attempt directory', 'rm -rf "$CODEX_ORCH_ATTEMPT_DIR"'],
    [
      'attempt directory, and puts a file there',
      'rm -rf "$CODEX_ORCH_ATTEMPT_DIR"; : > "$CODEX_ORCH_ATTEMPT_DIR"',
    ],
    ['instance directory', 'rm -rf "$CODEX_ORCH_INSTANCE_DIR"'],
  ])('a worker that removes its %s fails, alone', async (_name, destroy) => {
    program({
      vandal: { run: destroy },
      other: { run: 'echo hi' },
      next: { run: 'echo hi', depends_on: [{ task: 'other', kind: 'order' }] },
    });
    expect((await orch('run', 'start', '--root', 'vandal', 'next')).code).toBe(1);
    const run = await show();
    // Its exit status was kept in that directory, too: what is said depends on what was seen of it.
    expect(instancesOf(run, 'vandal')[0]).toMatchObject({
      status: 'failed',
      error: expect.stringContaining(' ') as string,
    });
    expect(instancesOf(run, 'next')[0]).toMatchObject({ status: 'done' });
  });

  it('a result against its schema fails it, and the field is named', async () => {
    writeFiles(dir, {
      'schemas/r.json': {
        type: 'object',
        properties: { n: { type: 'integer' } },
        required: ['n'],
        additionalProperties: false,
      },
    });
    program({ a: { run: `echo '{"n": "three"}'`, result_schema: 'schemas/r.json' } });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    const [a] = instancesOf(await show(), 'a');
    expect(a).toMatchObject({ failure_kind: 'output_schema' });
    expect(a!.error).toContain('/n');
  });

  it('without a final message it is done all the same, and hands on an empty one', async () => {
    const { env } = standInCodex(path.join(dir, 'stand-in'), { a: ':', b: 'echo So.' });
    program(
      {
        a: { compose: [{ kind: 'literal', text: 'Do.' }] },
        b: {
          compose: [{ kind: 'literal', text: 'Say.' }],
          depends_on: [{ task: 'a', kind: 'context', consume: ['final.md'] }],
        },
      },
      { default_agent: 'default' },
    );
    const { code } = await codexOrch(['run', 'start', '--root', 'b'], { cwd: dir, env });
    expect(code).toBe(0);
    const [a] = instancesOf(await show(), 'a');
    expect(a).toMatchObject({
      status: 'done',
      published: [{ relative_path: 'final.md', size: 0 }],
    });
  });

  it('a required decision that nobody asked for fails it', async () => {
    program({
      a: { run: ':', required_decisions: [{ decision_kind: 'review', description: 'the plan' }] },
    });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    expect(instancesOf(await show(), 'a')[0]).toMatchObject({
      failure_kind: 'decision_obligation',
    });
  });

  it('limits end it, its whole group with it', async () => {
    program(
      { a: { run: 'sleep 60 & echo $! > child; sleep 60' } },
      { node_idle_timeout_sec: 0.3, node_terminate_grace_sec: 1 },
    );
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    expect(instancesOf(await show(), 'a')[0]).toMatchObject({ termination_reason: 'idle_timeout' });
    const child = readFileSync(path.join(dir, 'child'), 'utf8').trim();
    expect(lives(child)).toBe(false);
  });
});
