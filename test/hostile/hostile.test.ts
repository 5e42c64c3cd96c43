/**
 * A hostile worker in Codex's own sandbox, as read-only and as workspace-write attempts have it: without a model, and in
 * whole turns of Codex. Whatever it tries, it spoils its own instance at most. docs/security.md says what is promised.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cases } from '../support/cases.ts';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { codexHome, codexProgram, sandboxProblem } from '../support/codex.ts';
import { modelScript, startModelServer, type ModelServer } from '../support/model-server.ts';

const root = testDirectory('hostile');
const home = path.join(root, 'codex-home');
const problem = sandboxProblem(home);
if (problem !== null) process.stderr.write(`\n*** SKIPPED: no Codex sandbox here: ${problem}\n\n`);
/** Rounds that have begun and not ended with nothing found: what they have left is kept, for what led to it. */
let unfinished = 0;
afterAll(() => {
  if (unfinished > 0) process.stderr.write(`kept: ${root}\n`);
  else rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

/** As it is when the test begins, which takes an hour in the long tier. */
const worker = path.join(root, 'worker.mjs');
for (const name of ['worker.mjs', 'speech.mjs']) {
  copyFileSync(fileURLToPath(new URL(name, import.meta.url)), path.join(root, name));
}
/** Workers of one run: with more of them, less of the time goes to the run itself. */
const WORKERS = cases({ few: 10, many: 100 });
/** Runs of workers in the sandbox alone, and in whole turns, for each sandbox: 2,000 and 100 of them in the long tier. */
const rounds = { alone: cases({ few: 2, many: 20 }), turns: cases({ few: 1, many: 1 }) };
const first = Number(process.env['CODEX_ORCH_HOSTILE_SEED'] ?? 1);

/** As `codexCommandLine` opens an attempt. `words`: of the worker, for a shell. */
function inSandbox(base: string, words: string): string {
  const open = '{\\"$CODEX_ORCH_ATTEMPT_DIR\\"=\\"write\\"}';
  return [
    'mkdir -p "$CODEX_ORCH_ATTEMPT_DIR/scratch"; TMPDIR="$CODEX_ORCH_ATTEMPT_DIR/scratch" exec',
    `"${codexProgram}" sandbox -c 'permissions.orch.extends="${base}"'`,
    `-c "permissions.orch.filesystem=${open}" -P orch --`,
    `"${process.execPath}" "${worker}" ${words}`,
  ].join(' ');
}

/**
 * Tasks of the `index`th worker without a model: of each four one is a command, one a command in a tree of its own with a
 * check that reads what it leaves, one passes itself off as Claude Code, one as an agent over ACP.
 */
function alone(base: string, seed: number, index: number): Record<string, unknown> {
  switch (index % 4) {
    case 0:
      return { run: inSandbox(base, `${seed + index}`) };
    case 1:
      return { run: inSandbox(base, `${seed + index}`), isolation: 'tree', checks };
    default:
      return {
        agent: index % 4 === 2 ? 'claude' : 'acp',
        compose: [{ kind: 'literal', text: 'Go.' }],
      };
  }
}

/** It reads what the worker may have put there, and must not stand still with that. */
const checks = [
  { run: 'cat README.md checked "$CODEX_ORCH_ATTEMPT_DIR/final.md" > /dev/null', timeout_sec: 5 },
];

/** What no worker may change, by name: mode and content of all that is the person's. */
function stateOf(directory: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const at = path.join(entry.parentPath, entry.name);
    const name = path.relative(directory, at);
    if (/^(\.runs|\.codex-orch)(\/|$)|^ws(\/(?!\.git\/)|$)/.test(name)) continue;
    // What the engine itself adds to the repository.
    if (/^ws\/\.git\/(objects|refs\/codex-orch|index$|logs$)/.test(name)) continue;
    const content = entry.isFile()
      ? createHash('sha256').update(readFileSync(at)).digest('hex')
      : '';
    found[name] = `${lstatSync(at).mode.toString(8)} ${content}`;
  }
  return found;
}

/** Where a worker is held, and how it gets there. */
interface Setting {
  sandbox: 'read-only' | 'workspace-write';
  /** Fields of the task of one worker. */
  task: (seed: number, index: number) => Record<string, unknown>;
  /** How Codex calls what it opens, where there is no model. */
  base: string | null;
  /** What the tool is called with besides. */
  env: Record<string, string>;
}

/** One run of many hostile workers and one that means well; then whatever a person would do with it. */
async function playRound(setting: Setting, seed: number): Promise<void> {
  const { sandbox, task, base } = setting;
  const dir = path.join(root, `${sandbox}-${seed}`);
  mkdirSync(dir);
  const agent = (way: string): string => path.join(dir, 'outside', way);
  const files: Record<string, unknown> = {
    'project.yaml': {
      ...{ name: 'p', workspace: 'ws', default_agent: 'shell', max_concurrency: 16 },
      ...{ node_wall_timeout_sec: 20, node_terminate_grace_sec: 1 },
      agents: {
        claude: { backend: 'claude', sandbox },
        acp: { backend: 'acp', command: [agent('acp')], sandbox: 'danger-full-access' },
      },
    },
    ...Object.fromEntries(
      ['README.md', 'checked', 'area-0/x', 'area-1/x', 'area-2/x'].map((name) => [
        `ws/${name}`,
        'ws',
      ]),
    ),
    'outside/canary.txt': 'alive',
    'schemas/loop.json': { $ref: '#' },
    'tasks/good.yaml': {
      ...{ id: 'good', title: 'good', status: 'ready', publish: ['result.json'] },
      run: 'echo \'{"ok": true}\' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"',
    },
  };
  const evil = Array.from({ length: WORKERS }, (_, index) => `evil-${index}`);
  for (const [index, id] of evil.entries()) {
    files[`tasks/${id}.yaml`] = {
      ...{ id, title: id, status: 'ready', publish: ['final.md', 'report.md'] },
      ...task(seed, index),
    };
  }
  if (base !== null) {
    for (const way of ['claude', 'acp']) {
      files[`outside/${way}`] = `#!/bin/sh\n${inSandbox(base, `${seed} ${way}`)}\n`;
    }
  }
  writeFiles(dir, files);
  makeRepository(path.join(dir, 'ws'));
  for (const way of base === null ? [] : ['claude', 'acp']) chmodSync(agent(way), 0o755);
  const env = { ...setting.env, CODEX_ORCH_CLAUDE_BIN: agent('claude') };
  const before = stateOf(dir);
  const said = `seeds ${seed} to ${seed + WORKERS - 1} of ${sandbox}`;
  const persons = path.join(root, 'home');
  const cli = (...words: string[]) =>
    codexOrch(words, { cwd: dir, env: { HOME: persons, ...env } });

  const start = await cli('run', 'start', '--root', 'good', ...evil);
  expect(start.stderr, said).not.toContain('defect');
  expect([0, 1, 3], `${said}: ${start.stderr}`).toContain(start.code);
  await checkRun(dir, cli, said);
  expect(stateOf(dir), said).toEqual(before);
  for (const gone of [dir, persons]) rmSync(gone, { recursive: true, force: true, maxRetries: 5 });
}

/** With all that is there in one commit. */
function makeRepository(directory: string): void {
  const git = (...words: string[]): void =>
    void execFileSync('git', ['-c', 'user.name=p', '-c', 'user.email=p@x', ...words], {
      cwd: directory,
    });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
}

/** What must hold of the run, and of every command on it. */
async function checkRun(
  dir: string,
  cli: (...words: string[]) => ReturnType<typeof codexOrch>,
  said: string,
): Promise<void> {
  const show = await cli('run', 'show', 'latest', '--json');
  const run = JSON.parse(show.stdout) as {
    id: string;
    aborted: boolean;
    instances: Record<string, { task_id: string; status: string }>;
  };
  expect(run.aborted, said).toBe(false);
  const good = Object.values(run.instances).find((each) => each.task_id === 'good');
  expect(good?.status, said).toBe('done');
  expect(Object.values(run.instances), said).toHaveLength(WORKERS + 1);
  const log = readFileSync(path.join(dir, '.runs', run.id, 'events.jsonl'), 'utf8');
  expect(log, said).not.toMatch(/"event_type":"(interrupt_resolved|run_aborted)"/);
  const asked = log
    .split('\n')
    .filter((line) => line.includes('"event_type":"interrupt_requested"'));
  for (const line of asked) expect(line, said).not.toContain('"instance_id":"good-');

  for (const words of [
    ['run', 'verify', 'latest'],
    ['inbox', 'list'],
    ['run', 'abort', 'latest'],
  ]) {
    const ended = await cli(...words);
    expect(ended.stderr, `${said}, ${words.join(' ')}`).not.toContain('defect');
    expect(ended.code, `${said}, ${words.join(' ')}: ${ended.stderr}${ended.stdout}`).toBeLessThan(
      4,
    );
  }
  const verified = await cli('run', 'verify', 'latest');
  expect(verified.stdout, said).toContain('sound');
}

/** Each round of each test has seeds of its own; `CODEX_ORCH_HOSTILE_SEED` moves them all. */
async function playRounds(count: number, setting: Setting): Promise<void> {
  const offset = setting.sandbox === 'workspace-write' ? WORKERS : 0;
  for (let round = 0; round < count; round += 1) {
    unfinished += 1;
    await playRound(setting, first * 1_000_003 + round * WORKERS * 2 + offset);
    unfinished -= 1;
    // Who cuts it short knows how far it came.
    const done = `${(round + 1) * WORKERS} workers in ${setting.sandbox}`;
    if (WORKERS > 10) process.stderr.write(`${done}: nothing found\n`);
  }
}

const sandboxes = [
  { sandbox: 'read-only', base: ':read-only' },
  { sandbox: 'workspace-write', base: ':workspace' },
] as const;

describe.skipIf(problem !== null)('a hostile worker spoils its own instance at most', () => {
  it.each(sandboxes)(
    'in its sandbox, $sandbox',
    { timeout: rounds.alone * WORKERS * 12_000 },
    ({ sandbox, base }) =>
      playRounds(rounds.alone, {
        sandbox,
        base,
        task: (seed, index) => alone(base, seed, index),
        env: { CODEX_HOME: home },
      }),
  );

  describe('in whole turns of Codex', () => {
    let model: ModelServer;
    beforeAll(async () => {
      model = await startModelServer();
    });
    afterAll(() => model.stop());

    it.each(sandboxes)(
      '$sandbox',
      { timeout: rounds.turns * WORKERS * 24_000 },
      async ({ sandbox }) => {
        const before = (await model.requests()).length;
        await playRounds(rounds.turns, {
          sandbox,
          base: null,
          task: (seed, index) => ({
            ...{ agent: 'default', sandbox, compose: [turn(seed + index)] },
            ...(index % 4 === 1 ? { isolation: 'tree', checks } : {}),
          }),
          env: codexHome(path.join(root, `home-${sandbox}`), model.port),
        });
        // One request for what to do, one with what came of it: some workers end their own turn.
        const asked = (await model.requests()).length - before;
        expect(asked).toBeGreaterThan(1.5 * WORKERS * rounds.turns);
      },
    );
  });
});

/** A prompt whose model runs the worker, and then says that all went well. */
function turn(seed: number): Record<string, unknown> {
  const exec = `TMPDIR="$CODEX_ORCH_ATTEMPT_DIR/scratch" "${process.execPath}" "${worker}" ${seed}`;
  return { kind: 'literal', text: modelScript([{ exec }, { text: 'all is well' }]) };
}
