/** What is said of a value that a field does not take: what it takes, and how that is written. */
import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { fileKinds, type FileKind } from '../../../src/program/shape/file-kinds.ts';
import { checkShape } from '../../../src/program/shape/shape.ts';

const { project, task } = fileKinds;

/** Of each value that does not fit, the message and the hint. */
function said(kind: FileKind, value: JsonObject): string[] {
  const found: string[] = [];
  checkShape({ type: 'object', fields: kind.fields, words: kind.words }, value, (issue) => {
    if (issue.code !== 'wrong_type' && issue.code !== 'bad_value') return;
    found.push(`${issue.message}. ${issue.hint ?? ''}`.trim());
  });
  return found;
}

const of = (command: string): JsonObject => ({ agents: { x: { backend: 'command', command } } });

it.each([
  ['npm test', 'Write [npm, test]'],
  [' make  all ', 'Write [make, all]'],
  ['make', 'Write [make]'],
  ['npm test && npm run lint', 'Write [bash, "-c", "npm test && npm run lint"]'],
  ['echo "$HOME"', String.raw`Write [bash, "-c", "echo \"$HOME\""]`],
  [' ', ''],
])('of the command %j', (line, hint) => {
  expect(said(project, of(line))).toEqual([
    `"command" must be a list, not the string "${line}". ${hint}`.trim(),
  ]);
});

it('of a command of a server of tools, of a notification, and around an agent', () => {
  const found = said(project, {
    agents: { x: { wrap: 'nice -n 5', mcp: { a: { command: 'tickets --read-only' } } } },
    notify: [{ on: ['question'], to: { command: './tell me.sh' } }],
  });
  expect(found.map((each) => each.split('. ').at(-1))).toEqual(
    expect.arrayContaining([
      'Write [nice, "-n", "5"]',
      'Write [tickets, "--read-only"]',
      'Write ["./tell", me.sh]',
    ]),
  );
});

it.each([
  [{ first: 0 }, '"stop_after" must be a whole number, at least 1, not a mapping.'],
  ['5', '"stop_after" must be a whole number, at least 1, not the string "5".'],
  [0, '"stop_after" must be a whole number, at least 1.'],
])('of a number: %j', (stop_after, message) => {
  const forEach = { items: 'inputs.a', as: 'a', stop_after };
  expect(said(task, { for_each: forEach })).toEqual([message]);
});

it('of a choice, each once', () => {
  const [message = ''] = said(task, { retry: { on: ['foo'] } });
  const choices = /one of (.*), not "foo"/.exec(message)?.[1]?.split(', ') ?? [];
  expect(choices).toContain('budget');
  expect(new Set(choices).size).toBe(choices.length);
});
