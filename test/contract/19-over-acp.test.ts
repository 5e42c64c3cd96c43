/** Agents over ACP through the command line: questions from inside, roles, validation, doctor; with the scripted agent. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bubblewrapProblem, scriptedAgent } from '../support/acp.ts';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';
import { modelScript, type ModelStep } from '../support/model-server.ts';

const root = testDirectory('over-acp');
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

let count = 0;
const acp = { backend: 'acp', command: scriptedAgent(), wrap: 'sandbox' };

/** A program of one task on the agent `a`. */
function program(agent: object, steps: ModelStep[], more: Record<string, unknown> = {}): string {
  const directory = path.join(root, `${(count += 1)}`, 'program');
  mkdirSync(path.join(directory, '..', 'workspace'), { recursive: true });
  mkdirSync(path.join(directory, '..', 'home', '.acp-agent'), { recursive: true });
  const compose = [{ kind: 'literal', text: `Go.\n${modelScript(steps)}` }];
  writeFiles(directory, {
    'project.yaml': { name: 'p', workspace: '../workspace', agents: { a: agent } },
    'tasks/t.yaml': { id: 't', title: 'T', agent: 'a', status: 'ready', compose },
    ...more,
  });
  return directory;
}

function cli(directory: string, ...words: string[]): Promise<Ended> {
  const env = { HOME: path.join(directory, '..', 'home') };
  return codexOrch(words, { cwd: directory, env });
}

async function shown(directory: string): Promise<Record<string, unknown>> {
  const { stdout } = await cli(directory, 'run', 'show', '.', 'latest', '--json');
  const { instances } = JSON.parse(stdout) as {
    instances: Record<string, Record<string, unknown>>;
  };
  return Object.values(instances)[0] ?? {};
}

/** Of a line of its events. */
function eventsOf(directory: string, attempt: string): string {
  const [run = ''] = readdirSync(path.join(directory, '.runs')).filter((name) => /^\d/.test(name));
  const instances = path.join(directory, '.runs', run, 'instances');
  const [instance = ''] = readdirSync(instances);
  return readFileSync(path.join(instances, instance, 'attempts', attempt, 'events.jsonl'), 'utf8');
}

const ask = (audience: string): string =>
  `codex-orch interrupt create --audience ${audience} --kind question --question "Which colour?" --blocking; touch mine`;

describe.skipIf(bubblewrapProblem() !== null)('a worker in our sandbox', () => {
  it.each(['read-only', 'workspace-write'] as const)(
    '%s: asks from inside, and goes on in its session when it is answered',
    async (sandbox) => {
      const steps = [{ run: ask('human'), ask: true }, { say: 'asked' }];
      const directory = program({ ...acp, sandbox }, steps);
      const started = await cli(directory, 'run', 'start', '.', '--root', 't');
      expect(started.code, started.stderr).toBe(3);
      const wrote = existsSync(path.join(directory, '..', 'workspace', 'mine'));
      expect(wrote).toBe(sandbox === 'workspace-write');
      const before = await shown(directory);
      const list = await cli(directory, 'inbox', 'list', '.', '--unresolved-only', '--json');
      const [{ interrupt } = { interrupt: { interrupt_id: '' } }] = JSON.parse(list.stdout) as {
        interrupt: { interrupt_id: string };
      }[];
      const text = `Green.\n${modelScript([{ say: 'painted' }])}`;
      const id = interrupt.interrupt_id;
      const replied = await cli(directory, 'inbox', 'reply', '.', id, '--text', text, '--resume');
      expect(replied.code, replied.stderr).toBe(0);
      expect(await shown(directory)).toMatchObject({
        status: 'done',
        attempt: 2,
        session_id: before['session_id'],
      });
      expect(eventsOf(directory, '0002')).toContain('"resumed":true');
    },
  );

  it('is answered by a role on an agent over ACP', async () => {
    const answer = {
      resolution_kind: 'auto_reply',
      answer: 'Green.',
      rationale: 'It is a fence.',
      confidence: 'high',
      citations: [],
      payload: null,
      proposed_updates: [],
    };
    const script = modelScript([{ say: JSON.stringify(answer) }]);
    const directory = program(
      acp,
      [{ run: ask('assistant --target-role painter') }, { say: 'asked' }],
      {
        'assistant_roles/painter/role.yaml': {
          id: 'painter',
          title: 'Painter',
          agent: 'a',
          instructions: 'instructions.md',
        },
        'assistant_roles/_shared/operating-model.md': 'Answer.',
        'assistant_roles/painter/instructions.md': `Know colours.\n${script}\n`,
      },
    );
    const started = await cli(directory, 'run', 'start', '.', '--root', 't');
    expect(started.code, started.stderr).toBe(3);
    const worked = await cli(directory, 'inbox', 'worker', '.', '--once');
    expect(worked.code, worked.stderr).toBe(0);
    const resumed = await cli(directory, 'run', 'resume', '.', 'latest');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(await shown(directory)).toMatchObject({ status: 'done', attempt: 2 });
  });
});

describe('validation', () => {
  it.each([
    [{ ...acp, wrap: undefined }, 'holds acp-agent to'],
    [{ ...acp, wrap: undefined, sandbox: 'read-only' }, 'holds acp-agent to'],
    [
      { ...acp, command: ['codex-acp'], wrap: undefined, sandbox: 'read-only' },
      'closes the directory',
    ],
    [{ ...acp, sandbox: 'danger-full-access' }, 'holds nothing'],
    [{ ...acp, command: undefined }, 'has no "command"'],
    [{ ...acp, run: 'x' }, 'takes no "run"'],
  ])('refuses %j', async (agent, words) => {
    const directory = program(agent, []);
    const { code, stdout } = await cli(directory, 'project', 'validate', '.');
    expect(code, stdout).toBe(2);
    expect(stdout).toContain(words);
  });

  it('refuses a role whose agent nothing holds', async () => {
    const agent = { ...acp, wrap: undefined, sandbox: 'danger-full-access' };
    const directory = program(agent, [], {
      'assistant_roles/r/role.yaml': { id: 'r', title: 'R', agent: 'a', instructions: 'i.md' },
      'assistant_roles/r/i.md': 'x',
    });
    const { code, stdout } = await cli(directory, 'project', 'validate', '.');
    expect(code, stdout).toBe(2);
    expect(stdout).toContain('holds acp-agent to');
  });
});

describe('doctor', () => {
  it('asks each agent who it is, and says what is missing', async () => {
    const here = program(acp, []);
    const { stdout } = await cli(here, 'doctor', '.');
    for (const words of [
      'scripted 1.2.3 speaks version 1',
      'goes on with its sessions',
      'bubblewrap holds',
    ]) {
      expect(stdout).toContain(words);
    }
    const gone = program({ ...acp, command: ['no-such-agent'] }, []);
    expect((await cli(gone, 'doctor', '.')).stdout).toContain(
      '"no-such-agent" is not an executable',
    );
    const dumb = program({ ...acp, command: ['cat'] }, []);
    expect((await cli(dumb, 'doctor', '.')).stdout).toContain('does not answer as an agent of ACP');
  }, 90_000);
});
