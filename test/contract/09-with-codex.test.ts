/**
 * Sections 8.2 and 9 of the contract with the real Codex CLI, its sandbox included, against the model
 * server: a model asks by running `codex-orch interrupt create`, nothing runs while the answer is out, and
 * the answer goes on with the same conversation.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listInterrupts } from '../../src/app/inbox/list.ts';
import type { Instance } from '../../src/model/run.ts';
import type { RunEvent } from '../../src/core/events/events.ts';
import { listRunIds, runPaths, type RunPaths } from '../../src/store/layout.ts';
import { currentHolder } from '../../src/store/lock/run-lock.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { replayLog } from '../../src/store/log/replay.ts';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';
import { codexHome, sandboxProblem } from '../support/codex.ts';
import { modelScript, startModelServer, type ModelServer } from '../support/model-server.ts';

const root = testDirectory('interrupts-codex');
const problem = sandboxProblem(path.join(root, 'probe-home'));
if (problem !== null) process.stderr.write(`\n*** SKIPPED: no Codex sandbox here: ${problem}\n\n`);

let server: ModelServer;
beforeAll(async () => {
  mkdirSync(path.join(root, 'requests'));
  server = await startModelServer(path.join(root, 'requests'));
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const patient = { args: { yield_time_ms: 30_000 } };
const ask = (question: string) =>
  `codex-orch interrupt create --audience human --kind question --question '${question}' --blocking`;
const finish = `printf 'painted' > "$CODEX_ORCH_ATTEMPT_DIR/final.md"`;
/** Asks in attempt 1; later attempts, which see the same script in a fresh session, finish. */
const askOnce = `case "$CODEX_ORCH_ATTEMPT_DIR" in */0001) ${ask('Which colour?')};; *) ${finish};; esac`;

interface Program {
  directory: string;
  home: string;
  cli(...args: string[]): Promise<Ended>;
  paths(): RunPaths;
  instance(): Instance;
  events(): RunEvent[];
  openQuestion(): Promise<{ id: string; question: string }>;
}

function newProgram(name: string, sandbox: string, script: string): Program {
  const directory = path.join(root, name);
  writeFiles(directory, {
    'project.yaml': { name, workspace: 'ws', default_sandbox: sandbox },
    'ws/README.md': 'paint',
    'tasks/paint.yaml': {
      id: 'paint',
      title: 'Paint',
      status: 'ready',
      compose: [
        { kind: 'literal', text: 'Paint the fence.' },
        {
          kind: 'literal',
          text: modelScript([{ exec: script, ...patient }, { text: 'that is all' }]),
        },
      ],
    },
  });
  const home = path.join(root, `${name}-codex`);
  const env = codexHome(home, server.port);
  const paths = (): RunPaths => runPaths(directory, listRunIds(directory)[0] ?? '');
  return {
    directory,
    home,
    paths,
    cli: (...args) => codexOrch(args, { cwd: directory, env }),
    instance: () => [...viewRun(paths()).state.instances.values()][0] as Instance,
    events() {
      const events: RunEvent[] = [];
      replayLog(paths(), (event) => events.push(event));
      return events;
    },
    async openQuestion() {
      const { entries } = await listInterrupts(directory, { unresolvedOnly: true });
      expect(entries).toHaveLength(1);
      const { interrupt } = entries[0] as (typeof entries)[number];
      return { id: interrupt.interrupt_id, question: interrupt.question };
    },
  };
}

function expectAtRest(program: Program): void {
  expect(currentHolder(program.paths())).toBeNull();
  const { instance_id: id, attempt } = program.instance();
  const file = path.join(program.paths().attemptDir(id, attempt), 'runtime.json');
  const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number };
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
}

function threadOf(program: Program, attempt: number): unknown {
  const directory = program.paths().attemptDir(program.instance().instance_id, attempt);
  const [first = ''] = readFileSync(path.join(directory, 'events.jsonl'), 'utf8').split('\n');
  return (JSON.parse(first) as { thread_id?: string }).thread_id;
}

describe.skipIf(problem !== null)('9. A worker in the Codex sandbox asks', () => {
  it.each(['workspace-write', 'read-only'])(
    '%s: waits with no process alive, and goes on in the same thread, twice',
    async (sandbox) => {
      const program = newProgram(sandbox, sandbox, ask('Which colour?'));
      expect((await program.cli('run', 'start', '--root', 'paint')).code).toBe(3);
      expect(program.instance()).toMatchObject({ status: 'waiting', attempt: 1 });
      expectAtRest(program);

      const first = await program.openQuestion();
      expect(first.question).toBe('Which colour?');
      const again = modelScript([{ exec: ask('Which gloss?'), ...patient }, { text: 'asked' }]);
      const answered = await program.cli(
        ...['inbox', 'reply', first.id, '--text', `Green.\n${again}`, '--resume'],
      );
      expect(answered).toMatchObject({ code: 3, stdout: `${first.id}\tstatus=resolved\n` });
      expect(program.instance()).toMatchObject({ status: 'waiting', attempt: 2 });
      expectAtRest(program);

      const second = await program.openQuestion();
      expect(second.question).toBe('Which gloss?');
      const script = modelScript([{ exec: finish, ...patient }, { text: 'done' }]);
      const text = `Matt.\n${script}`;
      expect(await program.cli('inbox', 'reply', second.id, '--text', text)).toMatchObject({
        code: 0,
      });
      expect((await program.cli('run', 'resume', 'latest')).code).toBe(0);
      expect(program.instance()).toMatchObject({ status: 'done', attempt: 3 });
      const { instance_id: id } = program.instance();
      expect(readFileSync(path.join(program.paths().publishedDir(id), 'final.md'), 'utf8')).toBe(
        'painted',
      );

      const thread = threadOf(program, 1);
      expect(thread).toMatch(/^[0-9a-f-]{36}$/);
      expect([threadOf(program, 2), threadOf(program, 3)]).toEqual([thread, thread]);
      const prompt = readFileSync(
        path.join(program.paths().attemptDir(id, 3), 'prompt.md'),
        'utf8',
      );
      expect(prompt).toContain('Matt.');
      expect(prompt).not.toContain('Green.');
      expect(prompt).not.toContain('Paint the fence.');
      const conversation = await lastConversation();
      for (const part of ['Paint the fence.', 'Which colour?', 'Green.', 'Which gloss?', 'Matt.']) {
        expect(conversation).toContain(part);
      }
      expect(program.events().some((e) => e.event_type === 'session_lost')).toBe(false);
    },
  );

  it('starts a fresh session with all replies where the old one is gone, and says so', async () => {
    const program = newProgram('lost', 'workspace-write', askOnce);
    expect((await program.cli('run', 'start', '--root', 'paint')).code).toBe(3);
    const before = threadOf(program, 1);
    rmSync(path.join(program.home, 'sessions'), { recursive: true });
    const { id } = await program.openQuestion();
    const resumed = await program.cli('inbox', 'reply', id, '--text', 'Green.', '--resume');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(program.instance()).toMatchObject({ status: 'done', attempt: 3 });
    expect(program.events().filter((e) => e.event_type === 'session_lost')).toMatchObject([
      { payload: { session_id: before } },
    ]);
    expect(threadOf(program, 3)).not.toBe(before);
    const directory = program.paths().attemptDir(program.instance().instance_id, 3);
    const prompt = readFileSync(path.join(directory, 'prompt.md'), 'utf8');
    expect(prompt).toContain('Paint the fence.');
    expect(prompt).toContain('Which colour?');
    expect(prompt).toContain('Green.');
  });
});

/** The last request that the model server got. */
async function lastConversation(): Promise<string> {
  await server.requests();
  const last = readdirSync(path.join(root, 'requests')).sort().at(-1) ?? '';
  return readFileSync(path.join(root, 'requests', last), 'utf8');
}
