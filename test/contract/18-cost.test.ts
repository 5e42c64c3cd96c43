/** Prices and what a run cost, of section 18, with a stand-in that uses a token each way. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { codexOrch, writeFiles } from '../support/built-program.ts';
import { standInCodex } from '../support/stand-in-codex.ts';
import { after, dir, program } from './shell-program.ts';

interface Cost {
  total: { attempts: number; cost_usd: number | null; unpriced_attempts: number };
  rows: { key: string; attempts: number; cost_usd: number | null; unpriced_attempts: number }[];
}

const dear = { input: 1_000_000, cached_input: 0, output: 2_000_000 };

function run(...words: string[]) {
  const { env } = standInCodex(path.join(dir, 'agent'), { a: 'echo a', b: 'echo b', gate: '' });
  const home = path.join(dir, 'home');
  return codexOrch(words, { cwd: dir, env: { ...env, CODEX_ORCH_GLOBAL_ROOT: home } });
}

const costOf = async (...by: string[]): Promise<Cost> =>
  JSON.parse((await run('run', 'cost', '.', 'latest', '--json', ...by)).stdout) as Cost;

const compose = [{ kind: 'literal', text: 'Say something.' }];
const tasks = {
  a: { agent: 'writer', model: 'gpt-x', compose },
  b: { agent: 'writer', model: 'other', compose, depends_on: after('a') },
  gate: { agent: 'shell', run: 'true', publish: [], depends_on: after('b') },
};
const agents = { agents: { writer: { backend: 'codex' } } };

it('adds up what is known, and says of how many attempts it is not', async () => {
  program(tasks, { ...agents, prices: { 'gpt-*': dear } });
  const started = await run('run', 'start', '.', '--root', 'gate', '--wait');
  expect(started.code, started.stderr).toBe(0);
  expect(started.stderr).toContain('4 tokens, $3.00, 1 of 3 attempts unpriced');
  expect((await run('run', 'list', '.')).stdout).toContain('tokens=4\tcost=≥ $3.00');
  const cost = await costOf();
  expect(cost.total).toMatchObject({ attempts: 3, cost_usd: 3, unpriced_attempts: 1 });
  expect(cost.rows.map((row) => [row.key, row.cost_usd, row.unpriced_attempts])).toEqual([
    ['a', 3, 0],
    ['b', null, 1],
    ['gate', 0, 0],
  ]);
  const keys = async (by: string) => (await costOf('--by', by)).rows.map(({ key }) => key);
  expect(await keys('model')).toEqual(['gpt-x', 'other', '-']);
  expect(await keys('agent')).toEqual(['writer', 'shell']);
  expect(await keys('iteration')).toEqual(['-']);
  expect((await run('run', 'cost', '.')).stdout).toContain(
    'a\tattempts=1\tinput=1\tcached=0\toutput=1\tcost_usd=3.000000\tunpriced=0',
  );
  const { stdout } = await run('doctor', '.', '--json');
  expect(stdout).toContain('No price is known of \\"other\\"');
});

it('takes the prices of the user where the program has none, and says nothing of cost where there are none', async () => {
  program(tasks, agents);
  const started = await run('run', 'start', '.', '--root', 'gate', '--wait');
  expect(started.stderr).toContain('4 tokens)');
  expect((await costOf()).total).toMatchObject({ cost_usd: null, unpriced_attempts: 2 });
  expect((await run('doctor', '.')).stdout).not.toContain('No price');
  program(tasks, { ...agents, budget: { cost_usd: 5 } });
  expect((await run('doctor', '.')).stdout).toMatch(/No price.*a budget of cost_usd cannot hold/);
  program(tasks, agents);
  writeFiles(dir, {
    'home/config.toml': '[prices."*"]\ninput = 1000000\ncached_input = 0\noutput = 0\n',
  });
  expect((await costOf()).total).toMatchObject({ cost_usd: 2, unpriced_attempts: 0 });
  writeFiles(dir, { 'home/config.toml': '[prices.x]\ninput = -1\noutput = "1"\n' });
  const { stdout } = await run('doctor', '.');
  for (const word of [
    '"input" must not be negative',
    '"cached_input" is missing',
    '"output" must be',
  ])
    expect(stdout).toContain(word);
});

it('counts items to the iteration around them', async () => {
  program({
    list: { agent: 'shell', run: `echo '{"all": [1, 2]}'` },
    each: {
      ...{ agent: 'shell', run: 'echo ok', depends_on: after('list') },
      for_each: { items: 'deps.list.result.all', as: 'one' },
    },
  });
  expect((await run('run', 'start', '.', '--root', 'each')).code).toBe(0);
  const { rows } = await costOf('--by', 'iteration');
  expect(rows.map(({ key, attempts }) => [key, attempts])).toEqual([['-', 3]]);
});
