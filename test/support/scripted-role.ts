/**
 * A program whose one task asks an assistant, and a stand-in for the Codex program that answers from a
 * file: `<root>/says/<role>.txt`. It counts its starts, and may be held back until a file is there.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { builtEntry, codexOrch, testDirectory, writeFiles, type Ended } from './built-program.ts';

const fakeCodex = `#!/usr/bin/env node
const fs = require('node:fs');
const prompt = fs.readFileSync(0, 'utf8');
const says = /^SAYS (.*)$/m.exec(prompt)[1];
fs.appendFileSync(says + '.starts', process.pid + '\\n');
const print = (o) => fs.writeSync(1, JSON.stringify(o) + '\\n');
print({ type: 'thread.started', thread_id: '00000000-0000-4000-8000-000000000001' });
print({ type: 'turn.started' });
const go = () => {
  if (fs.existsSync(says + '.hold')) return setTimeout(go, 20);
  const text = fs.readFileSync(says, 'utf8');
  if (text === 'LIMITED') {
    const message = 'You’ve hit your usage limit. Try again later.';
    print({ type: 'error', message });
    print({ type: 'turn.failed', error: { message } });
    process.exitCode = 1;
    return;
  }
  print({ type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text } });
  print({ type: 'turn.completed', usage: { input_tokens: 1, cached_input_tokens: 0, output_tokens: 1, reasoning_output_tokens: 0 } });
};
go();
`;

export interface Scripted {
  root: string;
  program: string;
  env: NodeJS.ProcessEnv;
  cli(...args: string[]): Promise<Ended>;
  /** What the role's agent says; `LIMITED`: its account has come to a usage limit, and nobody says for how long. */
  says(role: string, message: unknown): void;
  /** How often the role's agent was started. */
  starts(role: string): number;
  /** Its agents wait until `release`. */
  hold(role: string): void;
  release(role: string): void;
}

export interface ScriptedTask {
  /** Options of `interrupt create`, beside the role. */
  ask?: string;
  policy?: Record<string, unknown>;
}

/** One task for each role, of the same name, that asks it and then is done. */
export function scriptedProgram(
  tasks: Record<string, ScriptedTask>,
  project: Record<string, unknown> = {},
): Scripted {
  const root = testDirectory('scripted-roles');
  const program = path.join(root, 'program');
  const codex = path.join(root, 'codex.cjs');
  mkdirSync(path.join(root, 'says'));
  mkdirSync(path.join(root, 'workspace'));
  writeFileSync(codex, fakeCodex);
  chmodSync(codex, 0o755);
  writeFiles(program, {
    'project.yaml': {
      name: 'Scripted',
      workspace: '../workspace',
      default_agent: 'shell',
      node_terminate_grace_sec: 1,
      ...project,
    },
    'assistant_roles/_shared/operating-model.md': '# How assistants work\n',
    'schemas/choice.json': {
      type: 'object',
      properties: { choice: { type: 'string', enum: ['a', 'b'] }, note: { type: 'string' } },
      required: ['choice'],
      additionalProperties: false,
    },
  });
  const saysFile = (role: string): string => path.join(root, 'says', `${role}.txt`);
  for (const [id, { ask = '', policy = {} }] of Object.entries(tasks)) {
    const create = `codex-orch interrupt create --audience assistant --kind question --target-role ${id} --question "What now?" --blocking ${ask}`;
    writeFiles(program, {
      [`tasks/${id}.yaml`]: {
        id,
        title: id,
        status: 'ready',
        interaction_policy: policy,
        run: `case "$CODEX_ORCH_ATTEMPT_DIR" in *0001) ${create};; esac; echo done >"$CODEX_ORCH_ATTEMPT_DIR/final.md"`,
        compose: [{ kind: 'literal', text: 'Go.' }],
      },
      [`assistant_roles/${id}/role.yaml`]: { id, title: id, managed_assets: [] },
      [`assistant_roles/${id}/instructions.md`]: `Decide.\nSAYS ${saysFile(id)}\n`,
    });
  }
  const env = { CODEX_ORCH_CODEX_BIN: codex };
  return {
    root,
    program,
    env,
    cli: (...args) => codexOrch(args, { cwd: program, env }),
    says: (role, message) =>
      writeFileSync(
        saysFile(role),
        typeof message === 'string' ? message : JSON.stringify(message),
      ),
    starts: (role) =>
      existsSync(`${saysFile(role)}.starts`)
        ? readFileSync(`${saysFile(role)}.starts`, 'utf8')
            .trim()
            .split('\n').length
        : 0,
    hold: (role) => writeFileSync(`${saysFile(role)}.hold`, ''),
    release: (role) => rmIfThere(`${saysFile(role)}.hold`),
  };
}

/** A well-formed answer. */
export function reply(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    resolution_kind: 'auto_reply',
    answer: 'Take a.',
    rationale: 'It is shorter.',
    confidence: 'high',
    citations: [],
    payload: null,
    proposed_updates: [],
    ...change,
  };
}

/** Starts a command in the program, to be signalled. */
export function spawnCli(
  it: Scripted,
  ...args: string[]
): ChildProcess & { printed: () => string } {
  const child = spawn(process.execPath, [builtEntry, ...args], {
    cwd: it.program,
    env: { PATH: process.env['PATH'], HOME: path.join(it.program, 'no-home'), ...it.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return Object.assign(child, { printed: () => text });
}

/** Its exit status; null where a signal ended it. */
export function ended(child: ChildProcess): Promise<number | null> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

function rmIfThere(file: string): void {
  if (existsSync(file)) unlinkSync(file);
}
