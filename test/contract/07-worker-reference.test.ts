/** docs/worker-reference.md says what a worker finds, no more and no less: it is held against one that looks. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { REDACTED_VARIABLE } from '../../src/text/redact.ts';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';

const root = testDirectory('worker-reference');
const program = path.join(root, 'program');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const page = readFileSync('docs/worker-reference.md', 'utf8');
/** What the first columns of the tables from `begin` to `end` name. */
function named(begin: string, end: string): string[] {
  const part = page.slice(page.indexOf(begin), page.indexOf(end));
  return part
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)])
    .map(([, name = '']) => name);
}

it('names every variable and every file that a worker finds', async () => {
  writeFiles(program, {
    'project.yaml': {
      ...{ name: 'p', workspace: '.', default_agent: 'shell' },
      agents: { looker: { backend: 'command', secrets: ['TOKEN'] } },
      user_inputs: { topic: 'topic.txt', list: 'list.json' },
    },
    'topic.txt': 'cats',
    'list.json': '[1]',
    'tasks/first.yaml': {
      ...{ id: 'first', title: 'First', status: 'ready', publish: ['result.json', 'a.md'] },
      run: `cd "$CODEX_ORCH_ATTEMPT_DIR"; echo '{"n": 1}' > result.json; echo a > a.md`,
    },
    'tasks/look.yaml': {
      ...{ id: 'look', title: 'Look', status: 'ready', publish: [], agent: 'looker' },
      depends_on: [{ task: 'first', kind: 'context', consume: ['result.json', 'a.md'] }],
      compose: [
        { kind: 'file', path: 'topic.txt' },
        ...[
          'inputs.topic',
          'inputs.list',
          'inputs.list.0',
          'deps.first.result',
          'deps.first.result.n',
          'deps.first.artifacts.a.md',
          'runtime.replies',
          'runtime.latest_reply',
        ].map((ref) => ({ kind: 'ref', ref })),
      ],
      run: [
        `env | cut -d= -f1 | grep '^CODEX_ORCH_' > '${root}/variables'`,
        `cd "$CODEX_ORCH_ATTEMPT_DIR" && until [ -e runtime.json ]; do sleep 0.01; done`,
        `find . -mindepth 1 \\( -not -type d -o -empty \\) > '${root}/files'`,
      ].join('\n'),
    },
  });
  const { code, stderr } = await codexOrch(['run', 'start', program, '--root', 'look'], {
    cwd: root,
    env: { TOKEN: 'a word of its own' },
  });
  expect(code, stderr).toBe(0);
  const lines = (name: string): string[] =>
    readFileSync(path.join(root, name), 'utf8').trim().split('\n').sort();

  const ofAssistants = named('An assistant has', "## The attempt's directory");
  expect(named('## Environment', 'An assistant has').sort()).toEqual(lines('variables'));

  const found = named("## The attempt's directory", 'What it leaves there:');
  const patterns = found.map((name) => {
    // `…/x` is beside, and `….x` instead of, the one before.
    const before = found[found.indexOf(name) - 1] ?? '';
    const whole = name.startsWith('….')
      ? before.replace(/\.\w+$/, name.slice(1))
      : name.replace(/^…/, path.posix.dirname(before));
    return new RegExp(
      `^\\./${whole.replace(/\/$/, '').replaceAll('.', '\\.').replace(/<\w+>/g, '.+')}$`,
    );
  });
  const files = lines('files');
  expect(files.filter((file) => !patterns.some((pattern) => pattern.test(file)))).toEqual([]);
  expect(patterns.filter((pattern) => !files.some((file) => pattern.test(file)))).toEqual([]);

  const orders = readFileSync('src/attempt/order.ts', 'utf8');
  const set = [
    ...new Set([...(orders.match(/CODEX_ORCH_[A-Z_]+(?=:)/g) ?? []), REDACTED_VARIABLE]),
  ].sort();
  expect([...new Set([...lines('variables'), ...ofAssistants])].sort()).toEqual(set);
});
