/** Real attempts in real directories, for the tests of supervision. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { AgentLaunch, AttemptProcess } from '../../../src/model/attempt.ts';

const testRoot = path.resolve(import.meta.dirname, '..', '..', '.test-tmp');

/** A directory that lives as long as the test file. Not under /tmp: Codex leaves that writable. */
export function temporaryDirectory(name: string): string {
  mkdirSync(testRoot, { recursive: true });
  const directory = mkdtempSync(path.join(testRoot, `${name}-`));
  afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

let count = 0;

/** A launch in a fresh attempt directory, with the prompt in place. */
export function newLaunch(
  root: string,
  change: Partial<AgentLaunch> = {},
  prompt = '',
): AgentLaunch {
  const program = path.join(root, `program-${(count += 1)}`);
  const attemptDir = path.join(program, '.runs', 'r', 'instances', 'i', 'attempts', '0001');
  const inboxDir = path.join(program, '.runs', 'r', 'inbox');
  const cwd = path.join(root, `workspace-${count}`);
  for (const directory of [attemptDir, inboxDir, cwd]) mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(attemptDir, 'prompt.md'), prompt);
  return {
    backend: 'command',
    agent: {
      backend: change.backend ?? 'command',
      model: null,
      sandbox: null,
      args: [],
      env: {},
      command: null,
      run: null,
    },
    run: null,
    codexPath: null,
    cwd,
    projectWorkspaceDir: cwd,
    programDir: program,
    attemptDir,
    inboxDir,
    sandbox: 'workspace-write',
    writableRoots: [],
    model: null,
    outputSchemaFile: null,
    sessionId: null,
    previousUsage: null,
    wallTimeoutMs: null,
    idleTimeoutMs: null,
    graceMs: 2000,
    startedAt: new Date().toISOString(),
    generation: 0,
    ...change,
    env: { CODEX_ORCH_ATTEMPT_DIR: attemptDir, ...change.env },
  };
}

/** A launch of a shell line. */
export function shellLaunch(
  root: string,
  run: string,
  change: Partial<AgentLaunch> = {},
): AgentLaunch {
  return newLaunch(root, { run, ...change });
}

export function read(launch: AgentLaunch, name: string): string {
  return readFileSync(path.join(launch.attemptDir, name), 'utf8');
}

export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return process.platform !== 'linux';
  }
}

/** Waits for a condition, not for a time; fails after a bound. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | null,
): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== false && value !== null) return value;
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until the agent has printed a line, and returns what is printed so far. */
export function untilPrinted(launch: AgentLaunch, text: string | RegExp): Promise<string> {
  return until(`the agent prints ${String(text)}`, () => {
    try {
      const printed = read(launch, 'events.jsonl');
      const found = typeof text === 'string' ? printed.includes(text) : text.test(printed);
      return found && printed;
    } catch {
      return null;
    }
  });
}

export function pidOf(process: AttemptProcess): number {
  if (process.pid === null) throw new Error('the attempt has no process');
  return process.pid;
}
