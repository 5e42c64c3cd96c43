/** Every field of a task saved through the form of the page: the rest of its file stays, to the byte. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { testDirectory, writeFiles } from '../support/built-program.ts';
import { browse, browserTest, findChromium, leave, type Browsing } from './browser.ts';
import { serveProgram, type ServedProgram } from './served-program.ts';

const rich = `# Mine.
id: rich
title:   'Decide''s'   # short
kind: controller
status: ready
description: |+
  One.

  Two.

# about labels
labels: [a, "b"] # two
agent: shell
depends_on:
  # first
  - {task: first, kind: context, consume: [final.md]} # why
compose:
  - kind: literal
    text: |
      Say it.

      Well.
  # and
  - { kind: ref, ref: deps.first.result }
publish:
- final.md
- 'result.json'
control: {mode: route, routes: [{label: go, targets: [next]}]}
assistant_hints:
  ask_when: [lost]
  decision_kind_overrides: {}
interaction_policy:
  allow_human: true # always
required_decisions:
  - decision_kind: scope
    audience: human

model: m
sandbox: read-only
workspace: .
extra_writable_roots: []
result_schema: s.json
run: |
  set -e
  echo "$A" # not a comment
x-mine: {any: [1, null, "two"]}
# end
`;

const files = {
  'project.yaml': 'name: Form\nworkspace: .\nagents: {sh: {backend: command}}\n',
  'assistant_roles/boss/role.yaml': 'id: boss\ntitle: Boss\ninstructions: i.md\n',
  'assistant_roles/boss/i.md': 'Decide.\n',
  's.json': '{"type": "object"}',
  'other.json': '{"type": "object"}',
  'tasks/first.yaml':
    'id: first\ntitle: First\nagent: shell\nrun: "true"\npublish: [final.md, more.md]\n',
  'tasks/next.yaml':
    'id: next\ntitle: Next\nagent: shell\nrun: "true"\ndepends_on: [{task: rich, kind: order}]\n',
};

/** What a person does to each field, and what then stands in the file. */
const edits: [field: string, act: (page: Page) => Promise<unknown>, value: unknown][] = [
  ['title', (page) => field(page, 'Title').fill('Decides'), 'Decides'],
  [
    'description',
    (page) => field(page, 'Description').fill('One.\n\nThree.\n'),
    'One.\n\nThree.\n',
  ],
  ['labels', (page) => field(page, 'Labels 2').fill('b, c'), ['a', 'b, c']],
  ['status', (page) => field(page, 'Status').selectOption({ label: 'draft' }), 'draft'],
  ['agent', (page) => field(page, 'Agent').fill('sh'), 'sh'],
  ['model', (page) => field(page, 'Model').fill('n'), 'n'],
  ['sandbox', (page) => radio(page, 'workspace-write').check(), 'workspace-write'],
  ['workspace', (page) => field(page, 'Workspace').fill('..'), '..'],
  ['run', (page) => field(page, 'Run').fill('set -e\necho B\n'), 'set -e\necho B\n'],
  [
    'compose',
    (page) => page.locator('textarea', { hasText: 'Say it.' }).fill('Say it.\n\nBetter.\n'),
    [
      { kind: 'literal', text: 'Say it.\n\nBetter.\n' },
      { kind: 'ref', ref: 'deps.first.result' },
    ],
  ],
  [
    'depends_on',
    (page) => field(page, 'Consume 1').fill('more.md'),
    [{ task: 'first', kind: 'context', consume: ['more.md'] }],
  ],
  [
    'extra_writable_roots',
    async (page) => {
      await group(page, 'Extra writable roots').getByRole('button', { name: 'Add' }).click();
      await field(page, 'Extra writable roots 1').fill('../out');
    },
    ['../out'],
  ],
  ['publish', (page) => field(page, 'Publish 1').fill('end.md'), ['end.md', 'result.json']],
  ['result_schema', (page) => field(page, 'Result schema').fill('other.json'), 'other.json'],
  [
    'control',
    (page) => field(page, 'Label').fill('on'),
    { mode: 'route', routes: [{ label: 'on', targets: ['next'] }] },
  ],
  [
    'required_decisions',
    (page) => radio(page, 'any').check(),
    [{ decision_kind: 'scope', audience: 'any' }],
  ],
  [
    'interaction_policy',
    (page) => radio(group(page, 'Allow human'), 'No').check(),
    { allow_human: false },
  ],
  [
    'assistant_hints',
    (page) => field(page, 'Decision kind overrides').fill('{"scope": "boss"}'),
    { ask_when: ['lost'], decision_kind_overrides: { scope: 'boss' } },
  ],
  ['x-mine', (page) => field(page, 'X mine').fill('{"any": [1, true]}'), { any: [1, true] }],
];

function field(page: Page, label: string): Locator {
  return page.getByLabel(new RegExp(`^${label}\\s*(optional)?$`)).first();
}

function radio(within: Page | Locator, name: string): Locator {
  return within.getByRole('radio', { name, exact: true }).first();
}

function group(page: Page, name: string): Locator {
  return page.locator('fieldset', { has: page.locator('legend', { hasText: name }) }).last();
}

/** The text around the lines of a field: comments and empty lines beside it are none of it. */
function around(text: string, name: string): [before: string, behind: string] {
  const lines = text.match(/[^\n]*\n/g) ?? [];
  const from = lines.findIndex((line) => line.startsWith(`${name}:`));
  let to = from + 1;
  while (to < lines.length && !/^[\w]/.test(lines[to] ?? '')) to += 1;
  while (to > from + 1 && /^(#|\s*$)/.test(lines[to - 1] ?? '')) to -= 1;
  return [lines.slice(0, from).join(''), lines.slice(to).join('')];
}

const chromium = findChromium();

describe.skipIf(chromium === null)('the form of a task', browserTest, () => {
  let directory: string;
  let browsing: Browsing;
  let program: string;
  let served: ServedProgram;

  beforeAll(async () => {
    directory = testDirectory('form');
    program = path.join(directory, 'program');
    writeFiles(program, { ...files, 'tasks/rich.yaml': rich });
    served = await serveProgram(program);
    browsing = await browse(chromium ?? '', directory);
    await browsing.signIn(served);
  });

  afterAll(() => leave(browsing, served, directory));

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ])(
    'saves each field, with %s',
    async (_name, lineBreak) => {
      const file = path.join(program, 'tasks', 'rich.yaml');
      writeFileSync(file, rich.replaceAll('\n', lineBreak));
      const page = await browsing.open();
      await page.goto(`${served.url}/program/tasks/rich/edit`);
      await field(page, 'Title').waitFor();
      for (const [name, act, value] of edits) {
        const before = readFileSync(file, 'utf8');
        await act(page);
        await page.getByText(`Changes: ${name}`, { exact: true }).waitFor();
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByText(/^Saved/).waitFor();
        const after = readFileSync(file, 'utf8');
        expect((parse(after) as Record<string, unknown>)[name], name).toEqual(value);
        expect(around(after, name), name).toEqual(around(before, name));
        if (lineBreak === '\r\n') expect(after).not.toMatch(/[^\r]\n/);
      }
      expect(readFileSync(file, 'utf8')).toContain(`run: |${lineBreak}  set -e${lineBreak}`);
      expect(browsing.complaints).toEqual([]);
      await page.close();
      // As many saves as there are fields, each of which validates the program.
    },
    300_000,
  );

  it('has what was not saved again after a reload, and names it among the files', async () => {
    const page = await browsing.open();
    await page.goto(`${served.url}/program/tasks/rich/edit`);
    await field(page, 'Title').fill('Begun, not saved');
    await page.getByText('Changes: title', { exact: true }).waitFor();
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await page.getByText('What you had not saved is back.').waitFor();
    expect(await field(page, 'Title').inputValue()).toBe('Begun, not saved');
    await page.goto(`${served.url}/program/files`);
    await page.getByRole('link', { name: /rich\.yaml not saved/ }).click();
    await page.getByText('Changes: title', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/^Saved/).waitFor();
    const saved = parse(readFileSync(path.join(program, 'tasks', 'rich.yaml'), 'utf8')) as unknown;
    expect(saved).toMatchObject({ title: 'Begun, not saved' });
    await page.reload();
    await page.getByText('Only what you change is written.').waitFor();
    expect(browsing.complaints).toEqual([]);
    await page.close();
  });
});
