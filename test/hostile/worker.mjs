/**
 * A worker that tries at random what it can think of against whoever runs it: `node worker.mjs SEED [WAY]`. It writes only
 * where its sandbox lets it; that the sandbox is there is the test's affair. What it prints it says as agents do: `codex`,
 * or the WAY that is named, `claude` or `acp` (speech.mjs); then the number in its task's name is added to SEED.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { converse, lineOf } from './speech.mjs';

const { env } = process;
const attempt = env.CODEX_ORCH_ATTEMPT_DIR;
const run = env.CODEX_ORCH_RUN_DIR;
const program = env.CODEX_ORCH_PROGRAM_DIR;
const questions = env.CODEX_ORCH_QUESTIONS_DIR;
/** Ours, as workers find it. */
const command = 'codex-orch';
const canary = path.join(program, 'outside', 'canary.txt');

const way = process.argv[3] ?? 'codex';
const ownNumber = way === 'codex' ? 0 : Number(/\d+$/.exec(env.CODEX_ORCH_TASK_ID ?? '')?.[0] ?? 0);
let seed = (Number(process.argv[2]) + ownNumber) >>> 0;
function random(below) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}
const one = (list) => list[random(list.length)];

const names = [
  ...['events.jsonl', 'stderr.log', 'runtime.json', 'prompt.md', 'context/manifest.json'],
  ...['final.md', 'result.json', 'report.md', 'scratch', 'context', 'questions', '.process'],
  ...['.process/exit', 'exit', 'claim-0', 'agent-0', 'published', '.git', '../../published'],
  ...['context/refs', 'scratch/deep', 'questions/int-000000000001.json', '../0002', '..'],
];
const foreign = () =>
  [
    ...[
      'events.jsonl',
      'lock/00000001.json',
      'lock/00000009.json',
      'state/run.json',
      'bin/codex-orch',
    ],
    ...['inbox/commands/abort.json', 'inbox/replies/int-1.json', 'inbox/interrupts/int-1.json'],
    ...['control', `control/${env.CODEX_ORCH_INSTANCE_ID}/0001/exit`, 'proposals/p.json'],
    ...[`control/${env.CODEX_ORCH_INSTANCE_ID}/0001/agent-0`, 'program/project.yaml', 'instances'],
    ...[
      '../../project.yaml',
      '../../tasks/new.yaml',
      '../../outside/canary.txt',
      '../../.codex-orch/lock',
    ],
  ].map((name) => path.join(run, name));

/** What a git opens that looks at a working tree. */
const gitReads = [
  ...['.gitignore', '.gitattributes', '.gitmodules', '.lfsconfig', '.mailmap', '.git', 'new'],
  ...['.git/index', '.git/index.lock', '.git/HEAD', '.git/config', '.git/config.worktree'],
  ...['.git/info/exclude', '.git/info/attributes', '.git/MERGE_HEAD', '.git/commondir'],
  ...['.git/objects/info/alternates', '.git/refs/heads/main', '.git/packed-refs', '.git/shallow'],
  ...['README.md', 'checked', 'a\nb', '-rf', '.git/rebase-merge/done', '.git/hooks/pre-commit'],
];

const texts = [
  () => '\n'.repeat(900_000),
  () => '`'.repeat(800_000),
  () => '['.repeat(200_000),
  () => `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
  () =>
    JSON.stringify({
      kind: 'loop',
      action: 'continue',
      next_inputs: { a: '\u202e\u009b31m\u001b[2J' },
    }),
  () => '1e400',
  () => 'null',
  () => '',
  () => Buffer.from([0xff, 0xfe, 0x00]),
  () => JSON.stringify({ type: 'thread.started', thread_id: '-c mcp_servers.x.command=sh' }),
];

function question() {
  const others = list(path.join(run, 'instances'));
  return JSON.stringify({
    interrupt_id: one([
      'int-000000000000',
      'int-000000000001',
      'int-0123456789ab',
      '../../inbox/replies/x',
      'a'.repeat(300),
    ]),
    run_id: one([env.CODEX_ORCH_RUN_ID, 'other']),
    instance_id: one([env.CODEX_ORCH_INSTANCE_ID, ...others]),
    task_id: one([env.CODEX_ORCH_TASK_ID, 'good']),
    audience: one(['human', 'assistant', 'any', 'nobody']),
    blocking: random(2) === 0,
    request_kind: one(['clarification', 'approval', 'x']),
    decision_kind: one(['review', 'policy', null]),
    question: one(['ok?', '\n'.repeat(100_000), '`'.repeat(800_000), '\u001b]0;x\u0007']),
    reply_schema: one([null, 'schemas/loop.json', '/etc/passwd', '../x.json']),
    context_artifacts: one([[], ['../../../etc/passwd'], ['outside/canary.txt']]),
    metadata: one([{}, { assistant_summary: 'approved' }, { __proto__: 1 }]),
    created_at: one(['1999-01-01T00:00:00Z', '9999-01-01T00:00:00Z', 5]),
    status: 'open',
  });
}

/** Who listens may be slow. */
function say(to, text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += fs.writeSync(to, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function list(directory) {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}

/** What stands at a place afterwards. */
const becomes = [
  (at) =>
    fs.symlinkSync(one([canary, ...foreign(), '/dev/zero', '/dev/tty', '/proc/self/mem', at]), at),
  (at) => spawnSync('mkfifo', [at], { stdio: 'ignore' }),
  (at) => fs.mkdirSync(path.join(at, 'a', 'b'), { recursive: true }),
  (at) => fs.truncateSync(at, 2 ** 33) ?? fs.chmodSync(at, 0),
  (at) => fs.writeFileSync(at, one(texts)()),
  (at) => fs.linkSync(one([canary, path.join(run, 'events.jsonl')]), at),
  (at) => fs.writeFileSync(at, 'x'.repeat(random(3_000_000))),
  (at) => fs.chmodSync(at, one([0, 0o777, 0o4755])),
  (at) => fs.renameSync(at, `${at}.moved`),
  (at) => {
    const seconds = one([0, -1e10, 2 ** 33, 1e13]);
    fs.utimesSync(at, seconds, seconds);
  },
  () => undefined,
];

const tricks = [
  function spoil() {
    const at = path.join(attempt, one(names));
    if (random(3) > 0) fs.rmSync(at, { recursive: true, force: true });
    one(becomes)(at);
  },
  function spoilQuestions() {
    fs.mkdirSync(questions, { recursive: true });
    for (let n = random(40); n >= 0; n -= 1) {
      const at = path.join(
        questions,
        one([
          `int-${String(n).padStart(12, '0')}.json`,
          `int-${n}.json`,
          `${n}.tmp`,
          `.${n}.json`,
          'ü\n.json',
        ]),
      );
      if (random(2) === 0) fs.writeFileSync(at, question());
      else one(becomes)(at);
    }
  },
  function reachOut() {
    const at = one(foreign());
    one([
      () =>
        fs.writeFileSync(at, one([question(), '{"command":"abort"}', ...texts.map((t) => t())])),
      () => fs.appendFileSync(at, '{"type":"run_aborted"}\n'),
      () => fs.rmSync(at, { recursive: true, force: true }),
      () => fs.renameSync(at, `${at}.gone`),
      () => fs.chmodSync(at, 0),
    ])();
  },
  function renameOwn() {
    fs.renameSync(attempt, `${attempt}.gone`);
  },
  function speak() {
    const line = lineOf(way, one, random);
    say(one([1, 2]), `${line}\n`.repeat(1 + random(line.length > 1_000_000 ? 2 : 20)));
  },
  function spoilRepository() {
    const place = one(['.', '.', 'sub', 'sub/deep']);
    const at = path.join(process.cwd(), place, one(gitReads));
    fs.mkdirSync(path.dirname(at), { recursive: true });
    if (random(3) > 0) fs.rmSync(at, { recursive: true, force: true });
    one(becomes)(at);
  },
  function exchangeWorkspace() {
    // Where others of the run are about to begin, or where checks look.
    const at = path.resolve(one(['area-0', 'area-1', 'area-2', 'README.md', 'checked', '.']), '');
    const to = one([path.dirname(canary), run, '/etc', env.HOME ?? '/', 'area-1', `${at}.gone`]);
    fs.renameSync(at, `${at}.gone`);
    one([() => fs.symlinkSync(to, at), () => one(becomes)(at)])();
  },
  function litter() {
    for (const place of [env.TMPDIR ?? '/tmp', '/tmp', '/dev/shm', process.cwd()]) {
      const at = path.join(place, one(['.codex-orch', 'codex-orch.sock', '.git', 'run', '.runs']));
      one(becomes)(at);
    }
  },
  function hooks() {
    const at = path.join(one([attempt, process.cwd()]), '.git', 'hooks');
    fs.mkdirSync(at, { recursive: true });
    fs.writeFileSync(path.join(at, 'post-checkout'), `#!/bin/sh\necho x > ${canary}\n`, {
      mode: 0o755,
    });
  },
  function linger() {
    const line = `sleep 0.3; echo late > ${path.join(attempt, 'result.json')}; echo late > ${canary}`;
    spawn('sh', ['-c', line], { detached: true, stdio: 'ignore' }).unref();
  },
  function useCommand() {
    const words = one([
      ['interrupt', 'create', '--blocking', '--kind', 'approval', '--question', 'ok?'],
      ['inbox', 'reply', 'int-1', '--kind', 'approve'],
      ['run', 'abort', program, env.CODEX_ORCH_RUN_ID],
      ['task', 'delete', 'good', program],
    ]);
    spawnSync(command, words, { stdio: ['ignore', 'ignore', 'ignore'], timeout: 10_000 });
  },
];

/** Those it reaches are in its own sandbox: mostly itself. */
function signal() {
  for (const pid of [process.ppid, -1, 1, 1 + random(60_000)]) {
    try {
      process.kill(pid, one(['SIGTERM', 'SIGKILL', 'SIGSTOP', 'SIGHUP']));
    } catch {
      // Not there, or not ours.
    }
  }
}

for (let count = 3 + random(12); count > 0; count -= 1) {
  try {
    one(tricks)();
  } catch {
    // Mostly refused: that is what is hoped for.
  }
}
if (random(5) === 0) signal();
if (way === 'acp') await converse(one, random, say);
process.exitCode = one([0, 0, 0, 1, 75, 137]);
