/**
 * Sections 7 and 8 of the contract with the real Codex CLI, sandbox and all, through the built program:
 * what a task may write, what it hands in, and that a later attempt works under the same terms.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { codexHome, sandboxProblem } from '../support/codex.ts';
import {
  modelScript,
  startModelServer,
  type ModelServer,
  type ModelStep,
} from '../support/model-server.ts';

const root = testDirectory('codex-runs');
const problem = sandboxProblem(path.join(root, 'probe-home'));
if (problem !== null) process.stderr.write(`\n*** SKIPPED: no Codex sandbox here: ${problem}\n\n`);

let server: ModelServer;
let env: Record<string, string>;
beforeAll(async () => {
  server = await startModelServer();
  env = codexHome(path.join(root, 'codex-home'), server.port);
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

interface ShownInstance {
  instance_id: string;
  task_id: string;
  status: string;
  error: string | null;
  session_id: string | null;
  attempt: number;
}

/** A program in which each task's prompt scripts the model's answers. */
function newProgram(
  name: string,
  tasks: Record<string, { model: ModelStep[]; [field: string]: unknown }>,
) {
  const directory = path.join(root, name);
  const files: Record<string, unknown> = {
    'project.yaml': { name, workspace: 'ws', node_terminate_grace_sec: 1 },
    'ws/README.md': 'workspace',
    'extra/README.md': 'extra',
    'outside/README.md': 'outside',
  };
  for (const [id, { model, ...fields }] of Object.entries(tasks)) {
    const compose = [{ kind: 'literal', text: `Do it.\n${modelScript(model)}` }];
    files[`tasks/${id}.yaml`] = { id, title: id, status: 'ready', compose, ...fields };
  }
  writeFiles(directory, files);
  const cli = (...words: string[]) => codexOrch(words, { cwd: directory, env });
  const show = async () =>
    JSON.parse((await cli('run', 'show', 'latest', '--json')).stdout) as {
      id: string;
      status: string;
      instances: Record<string, ShownInstance>;
    };
  return {
    directory,
    cli,
    show,
    only: async () => Object.values((await show()).instances)[0] as ShownInstance,
    attemptFile: async (instance: ShownInstance, attempt: string, file: string) => {
      const { id } = await show();
      const at = `.runs/${id}/instances/${instance.instance_id}/attempts/${attempt}`;
      return readFileSync(path.join(directory, at, file), 'utf8');
    },
  };
}

/** Waits for the command instead of handing it to the background. */
const patient = { args: { yield_time_ms: 30_000 } };
const schema = {
  type: 'object',
  properties: { answer: { type: 'integer' } },
  required: ['answer'],
  additionalProperties: false,
};

describe.skipIf(problem !== null)('7 and 8 with Codex', () => {
  it('a task writes in its workspace and roots, hands in a file and a result, and nothing else', async () => {
    const commands = [
      'echo made > made.txt',
      'echo extra > ../extra/made.txt',
      'echo report > "$CODEX_ORCH_ATTEMPT_DIR/report.md"',
      'echo out > ../outside/made.txt || echo REFUSED-OUTSIDE',
      'echo task > "$CODEX_ORCH_PROGRAM_DIR/tasks/evil.yaml" || echo REFUSED-PROGRAM',
      'echo answer > "$CODEX_ORCH_PROGRAM_DIR/.runs/$CODEX_ORCH_RUN_ID/inbox/replies/x" || echo REFUSED-ANSWER',
      'sleep 0.2',
    ];
    const program = newProgram('writes', {
      a: {
        model: [{ exec: commands.join('; '), ...patient }, { text: '{"answer": 42}' }],
        extra_writable_roots: ['../extra'],
        publish: ['final.md', 'report.md', 'result.json'],
        result_schema: 'schemas/r.json',
      },
    });
    writeFiles(program.directory, { 'schemas/r.json': schema });
    expect(await program.cli('run', 'start', '--root', 'a')).toMatchObject({ code: 0 });
    const a = await program.only();
    expect(a).toMatchObject({ status: 'done', error: null });
    expect(a.session_id).toMatch(/^[0-9a-f-]{36}$/);
    const at = (file: string) => path.join(program.directory, file);
    expect(readFileSync(at('ws/made.txt'), 'utf8')).toBe('made\n');
    expect(readFileSync(at('extra/made.txt'), 'utf8')).toBe('extra\n');
    expect(existsSync(at('outside/made.txt'))).toBe(false);
    expect(existsSync(at('tasks/evil.yaml'))).toBe(false);
    const events = await program.attemptFile(a, '0001', 'events.jsonl');
    for (const word of ['REFUSED-OUTSIDE', 'REFUSED-PROGRAM', 'REFUSED-ANSWER']) {
      expect(events).toContain(`${word}\\n`);
    }
    expect(JSON.parse(await program.attemptFile(a, '0001', 'result.json'))).toEqual({ answer: 42 });
    const runtime = JSON.parse(await program.attemptFile(a, '0001', 'runtime.json')) as {
      usage: { input_tokens: number };
      command: string[];
    };
    expect(runtime.usage.input_tokens).toBe(200);
    expect(runtime.command).toContain('--output-schema');
  });

  it('a retried task goes on in its session, with the same sandbox and roots', async () => {
    const write = 'echo again >> ../extra/log.txt; echo "done: $?"; sleep 0.2';
    const program = newProgram('retried', {
      a: {
        model: [{ exec: write, ...patient }, { text: 'forgot the report' }],
        extra_writable_roots: ['../extra'],
        publish: ['report.md'],
      },
    });
    expect((await program.cli('run', 'start', '--root', 'a')).code).toBe(1);
    const failed = await program.only();
    expect(failed.error).toContain('report.md');
    await server.script([
      { exec: `${write}; echo report > "$CODEX_ORCH_ATTEMPT_DIR/report.md"`, ...patient },
      { text: 'here it is' },
    ]);
    expect((await program.cli('run', 'retry-instance', 'latest', 'a')).code).toBe(0);
    const done = await program.only();
    expect(done).toMatchObject({ status: 'done', attempt: 2, session_id: failed.session_id });
    // Told what was missing, and only that.
    const prompt = await program.attemptFile(done, '0002', 'prompt.md');
    expect(prompt).toContain('report.md');
    expect(prompt).not.toContain('Do it.');
    const log = readFileSync(path.join(program.directory, 'extra/log.txt'), 'utf8');
    expect(log).toBe('again\nagain\n');
  });

  it('a read-only task leaves its result, and nothing else', async () => {
    const commands = [
      'echo no > made.txt || echo REFUSED-WORKSPACE',
      'echo report > "$CODEX_ORCH_ATTEMPT_DIR/report.md"',
      'sleep 0.2',
    ];
    const program = newProgram('read-only', {
      a: {
        model: [{ exec: commands.join('; '), ...patient }, { text: 'looked' }],
        sandbox: 'read-only',
        publish: ['final.md', 'report.md'],
      },
    });
    expect(await program.cli('run', 'start', '--root', 'a')).toMatchObject({ code: 0 });
    const a = await program.only();
    expect(existsSync(path.join(program.directory, 'ws/made.txt'))).toBe(false);
    expect(await program.attemptFile(a, '0001', 'report.md')).toBe('report\n');
    expect(await program.attemptFile(a, '0001', 'events.jsonl')).toContain('REFUSED-WORKSPACE');
  });

  it('a failure of the model is classified, and a resume tries again', async () => {
    const program = newProgram('limited', { a: { model: [{ http: 429 }] } });
    expect((await program.cli('run', 'start', '--root', 'a')).code).toBe(1);
    const [failed] = Object.values((await program.show()).instances);
    expect(failed).toMatchObject({
      failure_kind: 'external_rate_limit',
      resume_recommended: true,
    });
    await server.script([{ text: 'now it works' }]);
    expect(await program.cli('run', 'resume', 'latest')).toMatchObject({ code: 0 });
    expect(await program.only()).toMatchObject({ status: 'done', attempt: 2 });
  });
});
