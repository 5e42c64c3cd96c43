/** Real attempts in real directories, for the tests of supervision. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll } from 'vitest';
import { backendOf, shellBackend } from '../../../src/agents/backends.ts';
import { environmentSpec, profileOf } from '../../../src/agents/profile.ts';
import { bareAgent } from '../../../src/agents/resolve-agent.ts';
import { makeDirectories } from '../../../src/attempt/place/directories.ts';
import { attemptFiles, readIdentity } from '../../../src/execution/local/attempt-files.ts';
import { shownFiles, type AttemptOrder } from '../../../src/model/attempt.ts';
import type { AgentSpec } from '../../../src/model/program.ts';

const testRoot = path.resolve(import.meta.dirname, '..', '..', '..', '.test-tmp');

/** A directory that lives as long as the test file. Not under /tmp: Codex leaves that writable. */
export function temporaryDirectory(name: string): string {
  mkdirSync(testRoot, { recursive: true });
  const directory = mkdtempSync(path.join(testRoot, `${name}-`));
  afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

let count = 0;

/** What a test says of an order; the settings follow from the agent and the task's line. */
export type OrderChange = Partial<AttemptOrder> & {
  agent?: Partial<AgentSpec>;
  run?: string;
};

/** An order in a fresh attempt directory, with the prompt in place; of a command, unless it says else. */
export function newOrder(root: string, change: OrderChange = {}, prompt = ''): AttemptOrder {
  const program = path.join(root, `program-${(count += 1)}`);
  const attemptDir = path.join(program, '.runs', 'r', 'instances', 'i', 'attempts', '0001');
  const controlDir = path.join(program, '.runs', 'r', 'control', 'i', '0001');
  const cwd = path.join(root, `workspace-${count}`);
  mkdirSync(path.join(program, '.runs', 'r'), { recursive: true });
  makeDirectories({ attemptDir, controlDir });
  mkdirSync(cwd);
  writeFileSync(path.join(controlDir, 'prompt.md'), prompt);
  const { agent, run = null, ...changed } = change;
  const backend = backendOf(change.backend ?? shellBackend.name);
  const use = { agent: { ...bareAgent(backend), ...agent }, run };
  const profile = profileOf(use.agent, use.agent.secrets ?? []);
  return {
    ...(profile === null ? {} : { profile }),
    backend: backend.name,
    settings: backend.settings(use, { sections: {}, problem: null }).settings,
    cwd,
    projectWorkspaceDir: cwd,
    programDir: program,
    attemptDir,
    controlDir,
    runFormat: 2,
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
    ...changed,
    env: { CODEX_ORCH_ATTEMPT_DIR: attemptDir, ...environmentSpec(use.agent).set, ...change.env },
  };
}

/** An order of a shell line. */
export function shellOrder(root: string, run: string, change: OrderChange = {}): AttemptOrder {
  return newOrder(root, { run, ...change });
}

/** What the engine keeps of the attempt, or a file that the agent left. */
export function read({ attemptDir, controlDir }: AttemptOrder, name: string): string {
  const isKept = shownFiles.some((shown) => shown === name);
  return readFileSync(path.join(isKept ? controlDir : attemptDir, name), 'utf8');
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
  const deadline = Date.now() + 50_000;
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== false && value !== null) return value;
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until the agent has printed a line, and returns what is printed so far. */
export function untilPrinted(order: AttemptOrder, text: string | RegExp): Promise<string> {
  return until(`the agent prints ${String(text)}`, () => {
    try {
      const printed = read(order, 'events.jsonl');
      const found = typeof text === 'string' ? printed.includes(text) : text.test(printed);
      return found && printed;
    } catch {
      return null;
    }
  });
}

/** The process of an attempt, as soon as it has written down who it is. */
export async function pidOf(order: AttemptOrder): Promise<number> {
  const files = attemptFiles(order);
  return (await until('it says who it is', () => readIdentity(files, order.generation))).pid;
}
