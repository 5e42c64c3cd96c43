/** Section 18 of the contract: the engine finds out whether what an agent calls done is so. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../src/disk/sha256.ts';
import { codexOrch, writeFiles } from '../support/built-program.ts';
import { standInCodex } from '../support/stand-in-codex.ts';
import { dir, instancesOf, program, show } from './shell-program.ts';

const compose = [{ kind: 'literal', text: 'Do it.' }];

/** A program with one task of an agent that has sessions, in a workspace of its own. */
function taught(script: string, task: object, project: object = {}, env: object = {}) {
  program(
    { a: { compose, ...task } },
    { default_agent: 'default', edition: 2, workspace: 'ws', ...project },
  );
  mkdirSync(path.join(dir, 'ws'));
  const codex = standInCodex(path.join(dir, '.codex'), { a: script });
  const cli = (...words: string[]) => codexOrch(words, { cwd: dir, env: { ...codex.env, ...env } });
  return { cli, calls: codex.calls };
}

interface Receipt {
  attempt: number;
  index: number;
  argv: string[];
  exit: number | null;
  output_sha256: string;
  tree: string | null;
  baseline?: boolean;
  said?: string;
}

/** Its process id. */
async function engineOfRun(): Promise<number> {
  const lock = path.join(dir, '.runs', await idOfRun(), 'lock');
  const held = readFileSync(path.join(lock, readdirSync(lock).sort().at(-1) ?? ''), 'utf8');
  return (JSON.parse(held) as { pid: number }).pid;
}

async function eventsOf(type: string): Promise<{ instance_id: string; payload: Receipt }[]> {
  const log = readFileSync(path.join(dir, '.runs', await idOfRun(), 'events.jsonl'), 'utf8');
  const lines = log.trim().split('\n');
  const events = lines.map((line) => JSON.parse(line) as { event_type: string });
  return events.filter((event) => event.event_type === type) as unknown as {
    instance_id: string;
    payload: Receipt;
  }[];
}

describe('18. Checks', () => {
  it('are receipts, and their failure is told to the same session', async () => {
    const { cli, calls } = taught('[ -e first ] && touch good; touch first; echo ok', {
      checks: [{ run: 'echo one; echo two >&2; [ -e good ] || { echo not good; exit 3; }' }],
    });
    const { code, stderr } = await cli('run', 'start', '--root', 'a');
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/checked {2}echo one;.*failed, exit 3/);
    const receipts = await eventsOf('check_finished');
    expect(receipts.map(({ payload }) => [payload.attempt, payload.exit])).toEqual([
      [1, 3],
      [2, 0],
    ]);
    const [failed, passed] = receipts;
    expect(failed?.payload).toMatchObject({ index: 0, said: 'one\ntwo\nnot good' });
    expect(failed?.payload.argv.slice(0, 2)).toEqual(['/bin/sh', '-c']);
    expect(passed?.payload.output_sha256).toBe(sha256('one\ntwo\n'));
    const log = path.join(
      '.runs',
      await idOfRun(),
      'instances',
      passed?.instance_id ?? '',
      'checks',
    );
    expect(readFileSync(path.join(dir, log, '0002', 'check-0.log'), 'utf8')).toBe('one\ntwo\n');
    expect(calls()[1]?.argv).toContain('00000000-0000-4000-8000-000000000001');
    expect(calls()[1]?.prompt).toMatch(/the check failed: .*\(exit status 3\)\none\ntwo\nnot good/);
    expect((await cli('run', 'verify', 'latest')).code).toBe(0);
  });

  it('fail the instance by check_failed, a time limit too', async () => {
    const { cli } = taught('echo ok', {
      repair: 0,
      checks: [{ run: 'true' }, { run: 'sleep 60', timeout_sec: 0.3 }],
    });
    expect((await cli('run', 'start', '--root', 'a')).code).toBe(1);
    const [instance] = instancesOf(await show(), 'a');
    expect(instance).toMatchObject({ status: 'failed', failure_kind: 'check_failed', attempt: 1 });
    expect(instance?.error).toContain('check 2 of 2 failed: sleep 60');
    expect(instance?.error).toContain('timeout_sec (0.3)');
  });

  it('of the project are for all that write, and frozen with the run', async () => {
    const project = { checks: [{ run: 'exit 4' }], repair: 0 };
    const say = 'echo ok';
    program(
      {
        a: { agent: 'default', compose },
        b: { agent: 'default', compose, sandbox: 'read-only' },
        c: { agent: 'default', compose, checks: [] },
        d: { run: 'true' },
        e: { run: 'true', checks: [{ run: 'exit 5' }] },
      },
      { edition: 2, ...project },
    );
    const codex = standInCodex(path.join(dir, '.codex'), { a: say, b: say, c: say });
    const roots = ['a', 'b', 'c', 'd', 'e'].flatMap((id) => ['--root', id]);
    expect((await codexOrch(['run', 'start', ...roots], { cwd: dir, env: codex.env })).code).toBe(
      1,
    );
    const shown = await show();
    const status = (id: string) => instancesOf(shown, id).map((one) => one.status);
    expect(['a', 'b', 'c', 'd', 'e'].flatMap(status)).toEqual([
      ...['failed', 'done', 'done', 'done', 'failed'],
    ]);
  });

  it('report what failed before the first attempt already as known', async () => {
    const { cli } = taught('touch b; echo ok', {
      checks: [
        { run: 'test -e a', baseline: true },
        { run: 'test -e b', baseline: true },
      ],
    });
    const { code, stderr } = await cli('run', 'start', '--root', 'a');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('before the first attempt');
    const receipts = await eventsOf('check_finished');
    expect(
      receipts.map(({ payload: { index, exit, baseline } }) => [index, exit, baseline]),
    ).toEqual([
      [0, 1, true],
      [1, 1, true],
      [0, 1, undefined],
      [1, 0, undefined],
    ]);
  });

  it('gain a cheat nothing: not by PATH, a program, the environment, a claim, a forged receipt or a kill', async () => {
    const cheat = [
      'mkdir -p bin node_modules/.bin',
      'for d in . bin node_modules/.bin; do printf "#!/bin/sh\\nexit 0\\n" > $d/verify-it; chmod +x $d/verify-it; done',
      'export PATH="$PWD:$PWD/bin:$PATH" VERIFIED=1',
      'printf %s \'{"checks":"passed","success":true}\' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"',
      'i=$(dirname "$(dirname "$CODEX_ORCH_ATTEMPT_DIR")")',
      'mkdir -p "$i/checks/0001"; echo fine > "$i/checks/0001/check-0.log"',
      // Kills whatever is about to look.
      '(setsid sh -c "for i in 1 2 3 4 5 6; do pkill -9 -f the-real-one; sleep 0.2; done" >/dev/null 2>&1 &)',
      'echo "All checks pass."',
    ].join('\n');
    const tools = path.join(dir, 'tools');
    writeFiles(dir, {
      'tools/verify-it':
        '#!/bin/sh\n# the-real-one\nsleep 0.5; [ -z "$VERIFIED" ] || exit 0; exit 7\n',
    });
    chmodSync(path.join(tools, 'verify-it'), 0o755);
    const ws = path.join(dir, 'ws');
    const searchPath = ['.', 'node_modules/.bin', path.join(ws, 'bin'), tools, process.env['PATH']];
    const { cli, calls } = taught(
      cheat,
      { repair: 1, checks: [{ run: 'verify-it' }] },
      {},
      { PATH: searchPath.join(path.delimiter) },
    );
    expect((await cli('run', 'start', '--root', 'a')).code).toBe(1);
    expect(calls()).toHaveLength(2);
    const [instance] = instancesOf(await show(), 'a');
    expect(instance).toMatchObject({ status: 'failed', failure_kind: 'check_failed' });
    const receipts = await eventsOf('check_finished');
    expect(receipts.every(({ payload }) => payload.exit !== 0)).toBe(true);
  });

  it('see a tree of its own, and what they leave there is no part of the work', async () => {
    const { cli } = taught('[ -e first.txt ] && touch good.txt; touch first.txt; echo ok', {
      isolation: 'tree',
      checks: [
        { run: 'touch litter.txt; test -e good.txt' },
        { run: 'touch litter-before.txt', baseline: true },
      ],
    });
    repository({ 'README.md': 'hello' });
    const { code, stderr } = await cli('run', 'start', '--root', 'a');
    expect(code, stderr).toBe(0);
    const receipts = await eventsOf('check_finished');
    expect(receipts.map(({ payload }) => payload.exit)).toEqual([0, 1, 0, 0, 0]);
    const names = (await cli('run', 'changes', 'latest', '--name-only')).stdout;
    expect(names).toContain('good.txt');
    expect(names).not.toContain('litter');
    const [committed] = (await eventsOf('workspace_committed')).slice(-1);
    expect(receipts[4]?.payload.tree).toBe(committed?.payload.tree);
  });

  it('leave alone what a person mends in the tree of an instance that has failed', async () => {
    const { cli } = taught('echo ok', {
      isolation: 'tree',
      repair: 0,
      checks: [{ run: 'touch litter.txt; test -e mended.txt' }],
    });
    repository({ 'README.md': 'hello' });
    expect((await cli('run', 'start', '--root', 'a')).code).toBe(1);
    const tree = (await cli('run', 'tree', 'latest', 'a')).stdout.trim();
    expect(readdirSync(tree)).not.toContain('litter.txt');
    writeFileSync(path.join(tree, 'mended.txt'), 'by hand\n');
    const retried = await cli('run', 'retry-instance', 'latest', 'a');
    expect(retried.code, retried.stderr).toBe(0);
    const names = (await cli('run', 'changes', 'latest', '--name-only')).stdout;
    expect(names.trim().split('\n')).toEqual(['mended.txt']);
  });

  it('are run again, or taken up, where the engine was killed meanwhile', async () => {
    const { cli, calls } = taught('echo ok', {
      checks: [{ run: 'echo run >> runs; touch begun; while [ ! -e go ]; do sleep 0.05; done' }],
    });
    const started = await cli('run', 'start', '--root', 'a', '--no-wait');
    expect(started.code, started.stderr).toBe(0);
    const ws = path.join(dir, 'ws');
    await vi.waitUntil(() => existsSync(path.join(ws, 'begun')), { timeout: 180_000 });
    process.kill(await engineOfRun(), 'SIGKILL');
    const explained = await cli('run', 'explain', 'latest');
    expect(explained.stdout).toContain('has ended well, and has yet to be checked');
    writeFileSync(path.join(ws, 'go'), '');
    const resumed = await cli('run', 'resume', 'latest');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(calls(), 'the agent is not asked again').toHaveLength(1);
    expect(await eventsOf('check_finished')).toHaveLength(1);
    expect((await cli('run', 'verify', 'latest')).code).toBe(0);
  });

  it('end with an abort after the engine was killed, also where their workspace is gone', async () => {
    const { cli } = taught('echo ok', {
      sandbox: 'danger-full-access',
      checks: [
        { run: 'echo $$ > ../pid.new; mv ../ws ../elsewhere; mv ../pid.new ../pid; sleep 600' },
      ],
    });
    expect((await cli('run', 'start', '--root', 'a', '--no-wait')).code).toBe(0);
    const pidFile = path.join(dir, 'pid');
    await vi.waitUntil(() => existsSync(pidFile), { timeout: 180_000 });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    process.kill(await engineOfRun(), 'SIGKILL');
    const aborted = await cli('run', 'abort', 'latest');
    expect(aborted.stderr).toBe('');
    expect(() => process.kill(pid, 0), 'the check is gone').toThrow('ESRCH');
    expect((await cli('run', 'verify', 'latest')).code).toBe(0);
  });

  it('compare what is there with what was there before, and keep their hands off the repository', async () => {
    const script = [
      'n=$(basename "$CODEX_ORCH_ATTEMPT_DIR")',
      'if [ $n = 0001 ]; then echo weaker > test/a.test.js; else git checkout -q test; echo better > code.js; fi',
      'echo ok',
    ].join('\n');
    const { cli, calls } = taught(script, {
      checks: [{ unchanged: ['test/**'] }, { changed: true }],
    });
    const git = repository({ 'test/a.test.js': 'strict', 'code.js': 'bad', '.gitignore': 'out' });
    writeFiles(dir, { 'ws/mine.txt': 'not committed' });
    const gitDir = path.join(dir, 'ws', '.git');
    const before = listing(gitDir);
    const { code, stderr } = await cli('run', 'start', '--root', 'a');
    expect(code, stderr).toBe(0);
    expect(calls()[1]?.prompt).toContain('unchanged test/** (exit status 1)');
    expect(calls()[1]?.prompt).toContain('test/a.test.js');
    const receipts = await eventsOf('check_finished');
    expect(receipts.map(({ payload: { argv, exit } }) => [...argv, exit])).toEqual([
      ['unchanged', 'test/**', 1],
      ['changed', 0],
      ['unchanged', 'test/**', 0],
      ['changed', 0],
    ]);
    // The agent's own `git checkout` rewrites the index.
    git('status');
    const objects = listing(path.join(gitDir, 'objects'));
    expect(objects).toEqual(
      before.filter((each) => each.startsWith('objects/')).map((each) => each.slice(8)),
    );
    const shown = await cli('run', 'changes', 'latest', 'a', '--name-only');
    expect(shown.stdout).toBe('code.js\n');
    expect(shown.stderr).toContain('in a shared workspace');
    const patch = await cli('run', 'changes', 'latest', '--patch');
    expect(patch.stdout).toContain('+better');
    const json = JSON.parse(
      (await cli('run', 'changes', 'latest', 'a', '--json')).stdout,
    ) as object;
    expect(json).toMatchObject({ repositories: [{ shared_with: [] }] });
    expect((await cli('run', 'verify', 'latest')).code).toBe(0);
  });

  it('that compare say where there is no repository, and validation warns of neighbours', async () => {
    const alone = { GIT_CEILING_DIRECTORIES: dir };
    const { cli } = taught('echo ok', { repair: 0, checks: [{ changed: true }] }, {}, alone);
    const validated = await cli('project', 'validate', '.');
    expect(validated.stdout + validated.stderr).toContain('since others share it');
    expect((await cli('run', 'start', '--root', 'a')).code).toBe(1);
    const [instance] = instancesOf(await show(), 'a');
    expect(instance?.error).toContain('no git repository');
    const bad = [{ run: 'true', changed: true }, {}, { changed: false }];
    program({ a: { compose, checks: bad } }, { default_agent: 'default', edition: 2 });
    const { stdout, code } = await cli('project', 'validate', '.');
    expect(code).toBe(2);
    expect(stdout).toContain('here are 2');
    expect(stdout).toContain('here is none');
    expect(stdout).toContain('asks for nothing');
  });

  it('run in the sandbox of the task: they write in the workspace, and nowhere else', async () => {
    const outside = path.join(dir, 'outside');
    const { cli } = taught('echo ok', {
      checks: [{ run: `echo inside > within && ! echo out > ${outside}` }],
    });
    expect((await cli('run', 'start', '--root', 'a')).code).toBe(0);
    expect(existsSync(path.join(dir, 'ws', 'within'))).toBe(true);
    expect(existsSync(outside)).toBe(false);
  });
});

/** Makes the workspace a repository with these files, and returns its git. */
function repository(files: Record<string, string>): (...words: string[]) => string {
  const ws = path.join(dir, 'ws');
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', ws, ...words], { encoding: 'utf8' });
  git('init', '-q');
  writeFiles(ws, files);
  git('add', '.');
  git('-c', 'user.name=p', '-c', 'user.email=p@x', 'commit', '-q', '-m', 'first');
  return git;
}

function listing(directory: string): string[] {
  return (readdirSync(directory, { recursive: true }) as string[]).sort();
}

async function idOfRun(): Promise<string> {
  return (await show()).id;
}
