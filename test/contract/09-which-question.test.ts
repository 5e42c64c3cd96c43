/** Section 9 of the contract: which question a person means who names one by its beginning. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';

const root = testDirectory('which-question');
const program = path.join(root, 'program');
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('is the only one that is open, for who answers; of those that are answered, a unique beginning counts', async () => {
  const asks = 'codex-orch interrupt create --audience human --kind question --question';
  writeFiles(program, {
    'project.yaml': { name: 'p', workspace: '.', default_agent: 'shell' },
    'tasks/ask.yaml': {
      ...{ id: 'ask', title: 'Ask', status: 'ready', publish: [] },
      run: `${asks} One; ${asks} Two`,
    },
  });
  const cli = (...words: string[]): Promise<Ended> => codexOrch(words, { cwd: program });
  expect((await cli('run', 'start', '--root', 'ask')).code).toBe(3);
  const several = await cli('inbox', 'reply', 'int-', '--text', 'yes');
  expect([several.code, several.stderr]).toEqual([4, expect.stringContaining('fits 2 interrupts')]);
  const { stdout } = await cli('inbox', 'list', '--json');
  const [first = '', second = ''] = (
    JSON.parse(stdout) as { interrupt: { interrupt_id: string } }[]
  ).map(({ interrupt }) => interrupt.interrupt_id);
  expect((await cli('inbox', 'reply', first.slice(0, 8), '--text', 'yes')).code).toBe(0);
  expect((await cli('inbox', 'reply', 'int-', '--text', 'no')).stdout).toContain(second);
  for (const id of [first, second]) {
    expect((await cli('inbox', 'show', id.slice(0, 8))).stdout).toContain(id);
  }
  const none = await cli('inbox', 'reply', 'int-', '--text', 'again');
  expect([none.code, none.stderr]).toEqual([4, expect.stringContaining('fits 2 interrupts')]);
});
