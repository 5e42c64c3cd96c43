/** What a task hands to the next is what it was done with, whatever happens to the files meanwhile. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  codexOrch,
  testDirectory,
  until,
  writeFiles,
  type Ended,
} from '../support/built-program.ts';

let root: string;

beforeEach(() => {
  root = testDirectory('handed-on');
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

function codex(...words: string[]): Promise<Ended> {
  return codexOrch(words, { cwd: root });
}

const ASK =
  'test -e $CODEX_ORCH_INSTANCE_DIR/asked || { touch $CODEX_ORCH_INSTANCE_DIR/asked; ' +
  'codex-orch interrupt create --audience human --kind question --question "Go on?" --blocking; }';

/** `a` hands on a result and a file, `q` asks a person, `b` works with what `a` left once `q` is done. */
function program(a: string, q = ASK): void {
  writeFiles(root, {
    'project.yaml': 'name: handed\nworkspace: .\ndefault_agent: shell\n',
    'tasks/a.yaml': { id: 'a', title: 'a', status: 'ready', publish: ['out.txt'], run: a },
    'tasks/q.yaml': { id: 'q', title: 'q', status: 'ready', run: q },
    'tasks/b.yaml': {
      id: 'b',
      title: 'b',
      status: 'ready',
      depends_on: [
        { task: 'a', kind: 'context', consume: ['out.txt'] },
        { task: 'q', kind: 'order' },
      ],
      compose: [
        { kind: 'ref', ref: 'deps.a.result' },
        { kind: 'ref', ref: 'deps.a.artifacts.out.txt' },
      ],
      run:
        'cat $CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/a/result.json ' +
        '$CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/a/artifacts/out.txt >> got',
    },
  });
}

const LEAVE =
  'cd $CODEX_ORCH_ATTEMPT_DIR && echo \'{"answer": 42}\' > result.json && echo whole > out.txt';
const GOT = '{\n  "answer": 42\n}\nwhole\n';

function runDirectory(): string {
  const [runId = ''] = readdirSync(path.join(root, '.runs'));
  return path.join(root, '.runs', runId);
}

function instanceOf(task: string): string {
  const names = readdirSync(path.join(runDirectory(), 'instances'));
  return names.find((name) => name.startsWith(`${task}-`)) ?? '';
}

function resultFile(): string {
  return path.join(runDirectory(), 'state', 'results', `${instanceOf('a')}.json`);
}

/** The process that drives the run, as its lock says. */
function engineOf(): number {
  const lock = path.join(runDirectory(), 'lock');
  const [file = ''] = readdirSync(lock).sort().reverse();
  return (JSON.parse(readFileSync(path.join(lock, file), 'utf8')) as { pid: number }).pid;
}

async function untilItWaits(): Promise<void> {
  const { code, stderr } = await codex('run', 'start', '.', '--root', 'b');
  expect(code, stderr).toBe(3);
}

async function answerAndResume(): Promise<Ended> {
  const [file = ''] = readdirSync(path.join(runDirectory(), 'inbox', 'interrupts'));
  const id = path.basename(file, '.json');
  const reply = await codex('inbox', 'reply', id, '--text', 'yes');
  expect(reply.code, reply.stderr).toBe(0);
  return codex('run', 'resume', '.', 'latest');
}

/** Starts a run in the background, and waits until `a` is done and `q` at work. */
async function untilQWorks(): Promise<void> {
  const started = await codex('run', 'start', '.', '--root', 'b', '--no-wait');
  expect(started.code, started.stderr).toBe(0);
  await untilStatus({ a: 'done', q: 'running' });
}

async function untilStatus(expected: Record<string, string>): Promise<void> {
  await until(async () => {
    const { stdout } = await codex('run', 'show', '.', 'latest', '--json');
    const { instances } = JSON.parse(stdout) as RunShown;
    const reached = Object.entries(expected).every(
      ([task, status]) => instances[instanceOf(task)]?.status === status,
    );
    return reached ? true : null;
  });
}

interface RunShown {
  instances: Record<string, { status: string; error: string | null }>;
}

const AT_WORK = 'while ! test -e go; do sleep 0.05; done';

it.each<[string, string, () => Promise<void>, () => Promise<unknown>]>([
  ['while the run waits for a person', ASK, untilItWaits, answerAndResume],
  [
    'between the end of one and the start of the other',
    AT_WORK,
    untilQWorks,
    async () => {
      writeFileSync(path.join(root, 'go'), '');
      await untilStatus({ b: 'failed' });
    },
  ],
  [
    'after the engine was killed',
    AT_WORK,
    async () => {
      await untilQWorks();
      const { stdout } = await codex('run', 'list', '.', '--json');
      expect(stdout).toContain('running');
      process.kill(engineOf(), 'SIGKILL');
    },
    async () => {
      writeFileSync(path.join(root, 'go'), '');
      await codex('run', 'resume', '.', 'latest');
    },
  ],
])('files that change %s', async (_name, q, before, after) => {
  program(LEAVE, q);
  await before();
  const published = path.join(runDirectory(), 'instances', instanceOf('a'), 'published', 'out.txt');
  writeFileSync(published, 'other\n');
  rmSync(resultFile(), { force: true });
  mkdirSync(resultFile(), { recursive: true });
  await after();
  expect(existsSync(path.join(root, 'got'))).toBe(false);
  const { stdout } = await codex('run', 'show', '.', 'latest', '--json');
  const error = (JSON.parse(stdout) as RunShown).instances[instanceOf('b')]?.error ?? '';
  expect(error).toContain(
    `${published} was changed since instance ${instanceOf('a')} of task a published it: `,
  );

  // What it says to do helps, and the result was never another.
  writeFileSync(published, readFileSync(/may still have it: ([^)]+)\)/.exec(error)?.[1] ?? ''));
  const words = /codex-orch (run retry-instance .*)$/.exec(error)?.[1]?.split(' ') ?? [];
  const retried = await codex(...words);
  expect(retried.code, retried.stderr).toBe(0);
  expect(readFileSync(path.join(root, 'got'), 'utf8')).toBe(GOT);
  const verified = await codex('run', 'verify', '.', 'latest');
  expect(verified.code, verified.stdout).toBe(0);
});

it('a result of an attempt that failed is nobody’s', async () => {
  program(
    'cd $CODEX_ORCH_ATTEMPT_DIR; case $PWD in */0001) echo \'{"answer": 42}\' > result.json;; ' +
      '*) echo whole > out.txt;; esac',
  );
  const started = await codex('run', 'start', '.', '--root', 'b');
  expect(started.code, started.stderr).toBe(1);
  const retried = await codex('run', 'retry-instance', '.', 'latest', instanceOf('a'));
  expect(retried.code, retried.stderr).toBe(3);
  expect(existsSync(resultFile())).toBe(false);
  expect((await answerAndResume()).code).toBe(1);
  const explained = await codex('run', 'explain', '.', 'latest', instanceOf('b'));
  expect(explained.stdout).toContain(`instance ${instanceOf('a')} of task a left no result.json`);
  expect(existsSync(path.join(root, 'got'))).toBe(false);
});
