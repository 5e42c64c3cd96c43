/** Section 18 of the contract: another agent takes over where one gives up. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { standInCodex, type StandIn } from '../support/stand-in-codex.ts';

const root = testDirectory('fallback');
afterAll(() => rmSync(root, { recursive: true, force: true }));

let dir: string;
let codex: StandIn;
let count = 0;
beforeEach(() => {
  count += 1;
  dir = path.join(root, String(count));
});

const limit = 'echo "You’ve hit your usage limit. Try again later."; exit 75';
/** What the agent of that name does; and else. */
const by = (agent: string, does: string, others: string) =>
  `if [ "$WHO" = ${agent} ]; then ${does}; else ${others}; fi`;

function newProgram(script: string, task: Record<string, unknown>, project: object = {}): void {
  const agents = Object.fromEntries(
    ['first', 'second', 'third'].map((name) => [
      name,
      { model: `model-of-${name}`, env: { WHO: name, CODEX_HOME: path.join(dir, name) } },
    ]),
  );
  writeFiles(dir, {
    'project.yaml': { name: 'p', workspace: '.', edition: 2, agents, ...project },
    'tasks/a.yaml': {
      ...{ id: 'a', title: 'a', status: 'ready', agent: 'first', model: 'chosen' },
      ...{ compose: [{ kind: 'literal', text: 'Write the report.' }], ...task },
    },
    'tasks/b.yaml': {
      ...{ id: 'b', title: 'b', status: 'ready', agent: 'first', model: 'chosen' },
      ...{ compose: [{ kind: 'literal', text: 'Go.' }], fallback_agents: ['second'] },
    },
  });
  codex = standInCodex(path.join(dir, 'stand-in'), { a: script, b: by('first', limit, 'echo b') });
}

const orch = (...words: string[]) => {
  const env = { ...codex.env, CODEX_ORCH_GLOBAL_ROOT: path.join(dir, 'global') };
  return codexOrch(words, { cwd: dir, env });
};
const only = async () => {
  const { stdout } = await orch('run', 'show', 'latest', '--json');
  const { instances } = JSON.parse(stdout) as {
    instances: Record<string, Record<string, unknown>>;
  };
  return Object.values(instances)[0] ?? {};
};
const workers = () => codex.calls().map(({ env }) => env['WHO']);

describe('18. Fallback', () => {
  it('the next takes over after the retries, afresh, with the whole prompt and why', async () => {
    const script = `echo "by $WHO" >> log.txt; ${by('third', 'echo done', 'exit 1')}`;
    const retry = { max_attempts: 2, on: ['nonzero_exit'], delay_sec: 0.1 };
    newProgram(script, { fallback_agents: ['second', 'third'], retry });
    const started = await orch('run', 'start', '--root', 'a');
    expect(started.code, started.stderr).toBe(0);
    expect(workers()).toEqual(['first', 'first', 'second', 'second', 'third']);
    expect(await only()).toMatchObject({
      status: 'done',
      attempt: 5,
      agent: 'third',
      given_up: [
        { agent: 'first', attempt: 2, failure_kind: 'task_runtime' },
        { agent: 'second', attempt: 4 },
      ],
    });
    const calls = codex.calls();
    expect(calls.map(({ argv }) => argv.includes('resume'))).toEqual([
      ...[false, true, false, true, false],
    ]);
    expect(calls.map(({ argv }) => argv[argv.indexOf('-m') + 1])).toEqual([
      ...['chosen', 'chosen', 'model-of-second', 'model-of-second', 'model-of-third'],
    ]);
    const prompt = calls.at(-1)?.prompt ?? '';
    expect(prompt).toContain('Write the report.');
    expect(prompt).toMatch(
      /Agents before you[^]*`first`, after attempt 2[^]*`second`, after attempt 4/,
    );
    expect((await orch('run', 'events', 'latest')).stdout).toContain('agent_replaced');
    const id = String((await only())['instance_id']);
    expect((await orch('run', 'explain', 'latest', id)).stdout).toContain('third has taken over');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('takes over at a usage limit, without another attempt of whoever is limited', async () => {
    newProgram(by('first', limit, 'echo done'), { fallback_agents: ['second'] });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(0);
    expect(workers()).toEqual(['first', 'second']);
    expect((await orch('run', 'start', '--root', 'b')).code).toBe(0);
    expect(workers()).toEqual(['first', 'second', 'second']);
    expect(await only()).toMatchObject({
      attempt: 1,
      agent: 'second',
      given_up: [{ agent: 'first', attempt: 0, failure_kind: 'external_usage_limit' }],
    });
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('waits where nobody is left, and where it shall wait', async () => {
    newProgram(limit, { fallback_agents: ['second'] });
    expect((await orch('run', 'start', '--root', 'a', '--max-wait', '1')).code).toBe(3);
    expect(workers()).toEqual(['first', 'second']);
    expect(await only()).toMatchObject({ waiting_reason: 'usage_limit', agent: 'second' });
    await orch('limits', 'clear');
    newProgram(limit, { fallback_agents: ['second'], usage_limit: { on: 'wait' } });
    expect((await orch('run', 'start', '--root', 'a', '--max-wait', '1')).code).toBe(3);
    expect(await only()).toMatchObject({ waiting_reason: 'usage_limit', attempt: 1 });
  });

  it('is told of agents that are not there', async () => {
    newProgram('', { fallback_agents: ['secnd'] }, { fallback_agents: ['nobody'] });
    const { code, stdout } = await orch('project', 'validate');
    expect(code).toBe(2);
    expect(stdout).toContain('"secnd", which is to take over, is not defined');
    expect(stdout).toContain('"nobody", which is to take over, is not defined');
  });
});
