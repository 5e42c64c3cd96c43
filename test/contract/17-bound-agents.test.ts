/** Section 17 of the contract: agents and models that items name. */
import { describe, expect, it } from 'vitest';
import { instancesOf, orch, program, show } from './shell-program.ts';

const say = (word: string) => ({
  backend: 'command',
  run: `echo ${word} > "$CODEX_ORCH_ATTEMPT_DIR/final.md"`,
});

describe('17. Agents that items name', () => {
  it('each item runs on the agent that it names; what is none fails that item by name', async () => {
    program(
      {
        list: {
          run: `printf '%s' '["one", "two", "three"]' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"`,
          publish: ['result.json'],
        },
        each: {
          agent: '${inputs.who}',
          for_each: { items: 'deps.list.result', as: 'who' },
          depends_on: [{ task: 'list', kind: 'order' }],
          compose: [{ kind: 'ref', ref: 'inputs.who' }],
        },
      },
      { agents: { one: say('first'), two: say('second') } },
    );
    const planned = await orch('run', 'start', '--root', 'each', '--dry-run');
    expect(planned.stdout).toContain('${inputs.who}');
    expect((await orch('run', 'start', '--root', 'each')).code).toBe(1);
    const all = instancesOf(await show(), 'each');
    expect(all.map(({ status }) => status)).toEqual(['done', 'done', 'failed']);
    expect(all[2]?.error).toContain(
      'is "three", which is no agent of the project; there are one, two, default, shell',
    );
    expect((await orch('run', 'logs', 'latest', 'each:1')).code).toBe(0);
    const costs = await orch('run', 'cost', 'latest', '--by', 'agent');
    expect(costs.stdout).toContain('two');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });
});
