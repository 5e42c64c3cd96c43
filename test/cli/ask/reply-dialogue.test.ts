/** The dialogue of `inbox reply`, with typed lines instead of a person. */
import { rmSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/app/inbox/answer.ts';
import type { InterruptEntry } from '../../../src/app/inbox/list.ts';
import type { Json } from '../../../src/model/json.ts';
import type { InstanceInterrupt } from '../../../src/model/run.ts';
import { askForAnswer } from '../../../src/cli/ask/reply-dialogue.ts';
import { runPaths } from '../../../src/store/layout.ts';
import { testDirectory, writeFiles } from '../../support/built-program.ts';
import { interrupt } from '../../support/make.ts';
import { capturedContext } from '../captured-context.ts';

const program = testDirectory('dialogue');
afterAll(() => rmSync(program, { recursive: true, force: true }));
const paths = runPaths(program, '20260101000000-00000000');
const found = { paths, interruptId: 'int-0123456789ab' };

function entry(change: Partial<InstanceInterrupt>): InterruptEntry {
  const asked = interrupt({
    run_id: paths.runId,
    instance_id: 'a-00000000',
    task_id: 'a',
    request_kind: 'approval',
    question: 'Ship it?',
    decision_kind: 'review',
    ...change,
  });
  return {
    run_id: asked.run_id,
    instance_id: asked.instance_id,
    task_id: 'a',
    interrupt: asked,
    reply: null,
  };
}

async function dialogue(
  change: Partial<InstanceInterrupt>,
  typed: string[],
  schema?: unknown,
): Promise<{ answer: Answer | null; shown: string }> {
  if (schema !== undefined) writeFiles(program, { 'schemas/reply.json': schema });
  const { context, captured } = capturedContext({ terminal: { columns: 80, rows: 24 } });
  const stdin = new PassThrough();
  Object.assign(context, { stdin });
  // Each line is typed when something is asked for, as a person does.
  const lines = [...typed];
  const steer = context.stderr.steer.bind(context.stderr);
  context.stderr.steer = (text) => {
    steer(text);
    if (!/(?:> |: |\] |… |- )$/.test(text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, ''))) return;
    const next = lines.shift();
    setImmediate(() => (next === undefined ? stdin.end() : stdin.write(`${next}\r`)));
  };
  const given = {
    replyKind: 'answer' as const,
    payload: null,
    hasPayload: false,
    rationale: null,
    confidence: null,
    citations: [],
  };
  const reply_schema = schema === undefined ? null : 'schemas/reply.json';
  const answer = await askForAnswer(entry({ reply_schema, ...change }), found, given, context);
  return { answer, shown: captured.stderr };
}

async function payload(schema: unknown, ...typed: string[]): Promise<Json | undefined> {
  const { answer } = await dialogue({}, ['ok', ...typed, 'y'], schema);
  return answer?.payload;
}

describe('the answer', () => {
  it('shows the question, what the assistant found, and the options', async () => {
    const { answer, shown } = await dialogue(
      {
        question: 'Ship it?\u001b[2J\nNow?',
        options: ['yes', 'not yet'],
        context_artifacts: ['notes.md'],
        metadata: {
          assistant_summary: 'Looks sound.',
          assistant_rationale: 'Tests pass.',
          assistant_citations: ['a.ts', 'b.ts'],
          ticket: 'T-1',
        },
      },
      ['3', '2', 'y'],
    );
    expect(answer).toMatchObject({ text: 'not yet', payload: null, replyKind: 'answer' });
    for (const part of [
      'int-0123456789ab approval, review, normal priority',
      '  Ship it?\n  Now?',
      'Looks sound.',
      'Tests pass.',
      '  - a.ts\n  - b.ts',
      'ticket: T-1',
      'see notes.md',
      '1) yes',
      '2) not yet',
      '1 to 2, or some text',
    ]) {
      expect(shown).toContain(part);
    }
    expect(shown).not.toContain('\u001b[2J\nNow');
  });

  it('takes free text over several lines, and nothing empty', async () => {
    const { answer } = await dialogue({ options: ['yes'] }, ['', 'one \\', 'two', '']);
    expect(answer?.text).toBe('one \ntwo');
  });

  it.each([[['yes', 'n']], [['yes']], [[]]])('sends nothing after %j', async (typed) => {
    expect((await dialogue({}, typed)).answer).toBeNull();
  });
});

describe('the payload, field by field', () => {
  it('asks for each kind of field', async () => {
    const schema = {
      type: 'object',
      required: ['approved', 'level', 'count', 'who', 'tags'],
      properties: {
        approved: { type: 'boolean', description: 'May it go out?' },
        level: { enum: ['low', 'high', 3] },
        count: { type: 'integer', minimum: 1 },
        ratio: { type: 'number' },
        who: {
          type: 'object',
          required: ['name'],
          properties: { name: { $ref: '#/$defs/name' }, mail: { type: 'string' } },
        },
        where: { type: 'object', properties: { room: { type: 'string' } } },
        tags: { type: 'array', items: { type: 'string' } },
        steps: {
          type: 'array',
          items: { type: 'object', required: ['do'], properties: { do: { type: 'string' } } },
        },
        note: { type: ['string', 'null'] },
        kind: { const: 'review' },
      },
      $defs: { name: { type: 'string', title: 'A name' } },
    };
    const typed = [
      ...['perhaps', 'y'],
      ...['9', '3'],
      ...['1.5', '4'],
      '',
      ...['Ann', ''],
      'n',
      ...['a', 'b', ''],
      ...['y', 'look', 'n'],
      '',
    ];
    expect(await payload(schema, ...typed)).toEqual({
      approved: true,
      level: 3,
      count: 4,
      who: { name: 'Ann' },
      tags: ['a', 'b'],
      steps: [{ do: 'look' }],
      kind: 'review',
    });
  });

  it('goes through it again where the schema refuses, with what was typed at hand', async () => {
    const schema = {
      type: 'object',
      required: ['count', 'word'],
      properties: { count: { type: 'integer', minimum: 10 }, word: { type: 'string' } },
    };
    const { answer, shown } = await dialogue({}, ['ok', '1', 'w', 'y', '12', '', 'y'], schema);
    expect(answer?.payload).toEqual({ count: 12, word: 'w' });
    expect(shown).toContain('/count: must be >= 10');
  });

  it('offers alternatives, defaults, and JSON for what it cannot ask in parts', async () => {
    const schema = {
      type: 'object',
      required: ['how', 'free', 'level'],
      properties: {
        how: {
          oneOf: [
            { title: 'by hand', const: 'hand' },
            { title: 'later', type: 'string' },
          ],
        },
        free: {},
        level: { enum: ['low', 'high'], default: 'high' },
      },
    };
    expect(await payload(schema, '2', 'tomorrow', '{', '[1, 2]', '')).toEqual({
      how: 'tomorrow',
      free: [1, 2],
      level: 'high',
    });
  });

  it('takes a bare value', async () => {
    expect(await payload({ type: 'boolean' }, 'n')).toBe(false);
    expect(await payload({ enum: ['a', 'b'] }, 'b')).toBe('b');
  });
});
