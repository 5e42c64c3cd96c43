import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startLauncher } from '../../../src/execution/local/launch.ts';
import type { AgentLaunch } from '../../../src/model/attempt.ts';
import { recoverAttempt, startAttempt } from '../../../src/execution/local/start.ts';
import {
  exists,
  pidOf,
  read,
  shellLaunch,
  temporaryDirectory,
  until,
  untilPrinted,
} from './launches.ts';

const root = temporaryDirectory('launcher');
const isLinux = process.platform === 'linux';

/** What a process finds when it starts, as text. */
async function surroundings(
  change: Partial<AgentLaunch>,
  launcher: ReturnType<typeof startLauncher>,
) {
  const look = [
    'env -0 | sort -z | tr "\\0" "\\1" | tr "\\n" "\\2" | tr "\\1" "\\n"',
    'pwd',
    'umask',
    'grep -E "^Sig(Ign|Blk)" /proc/self/status',
    'ls /proc/$$/fd',
    'readlink /proc/$$/fd/0',
    'ps -o nice= -p $$',
  ];
  const launch = shellLaunch(root, look.join('; '), { ...change });
  const process = await startAttempt(launch, launcher);
  expect((await process.ended).return_code).toBe(0);
  const own = new RegExp(`${path.dirname(launch.cwd)}/(workspace|program)-\\d+`, 'g');
  const lines = read(launch, 'events.jsonl').replaceAll(own, '<$1>').split('\n');
  // The program that a shell started last: bash(1) sets it for whatever it starts.
  return lines.filter((line) => !line.startsWith('_='));
}

describe.runIf(isLinux)('a launched attempt', () => {
  it('finds exactly what one that we fork ourselves finds', async () => {
    const launcher = startLauncher();
    const env = {
      PLAIN: 'x',
      EMPTY: '',
      QUOTED: `it's "so" $HOME \`id\` \\ !`,
      LINES: 'one\ntwo\n',
      WORDS: 'größer — 漢字 🎈',
      HOME: '/nowhere',
      LC_ALL: 'C',
      SHLVL: '7',
      OLDPWD: '/tmp',
    };
    for (const change of [{}, { env }]) {
      const ours = await surroundings(change, null);
      expect(await surroundings(change, launcher)).toEqual(ours);
    }
    launcher?.close();
  });

  it.each(['UID', 'RANDOM', 'BASH_ENV', 'POSIXLY_CORRECT'])(
    'is not left to a shell that would change its %s',
    async (name) => {
      const launcher = startLauncher();
      const value = '5';
      const launch = shellLaunch(root, 'tr "\\0" "\\n" </proc/$$/environ', {
        env: { [name]: value },
      });
      await (
        await startAttempt(launch, launcher)
      ).ended;
      expect(read(launch, 'events.jsonl').split('\n')).toContain(`${name}=${value}`);
      launcher?.close();
    },
  );

  it('goes on when the launcher dies, and the next one starts without it', async () => {
    const launcher = startLauncher();
    const line = 'echo ready; until [ -e go ]; do sleep 0.01; done';
    const first = shellLaunch(
      root,
      `echo launcher $(ps -o ppid= -p $(ps -o ppid= -p $$)); ${line}`,
    );
    const process_ = await startAttempt(first, launcher);
    const printed = await untilPrinted(first, 'ready');
    const pid = Number(/launcher\s+(\d+)/.exec(printed)?.[1]);
    process.kill(pid, 'SIGKILL');
    await until('the launcher is gone', () => !exists(pid));
    const second = shellLaunch(root, 'echo ran');
    expect(await (await startAttempt(second, launcher)).ended).toMatchObject({ return_code: 0 });
    expect(read(second, 'events.jsonl')).toBe('ran\n');
    expect(exists(pidOf(process_))).toBe(true);
    const touch = shellLaunch(root, `: >${path.join(first.cwd, 'go')}`);
    await (
      await startAttempt(touch)
    ).ended;
    expect(await process_.ended).toMatchObject({ return_code: 0, termination_reason: 'completed' });
  });

  it('is reported as killed where nothing could record its exit', async () => {
    const launcher = startLauncher();
    const launch = shellLaunch(root, 'echo ready; sleep 300');
    const attempt = await startAttempt(launch, launcher);
    await untilPrinted(launch, 'ready');
    process.kill(-pidOf(attempt), 'SIGKILL');
    expect(await attempt.ended).toMatchObject({
      return_code: 137,
      termination_reason: 'nonzero_exit',
    });
    launcher?.close();
  });

  it('is found again by another engine', async () => {
    const launcher = startLauncher();
    const launch = shellLaunch(root, 'echo ready; until [ -e go ]; do sleep 0.01; done; echo over');
    const attempt = await startAttempt(launch, launcher);
    await untilPrinted(launch, 'ready');
    attempt.detach();
    launcher?.close();
    const recovery = recoverAttempt(launch);
    expect(recovery.kind).toBe('running');
    await (
      await startAttempt(shellLaunch(root, `: >${path.join(launch.cwd, 'go')}`))
    ).ended;
    if (recovery.kind === 'running') {
      expect(await recovery.process.ended).toMatchObject({ return_code: 0 });
    }
    expect(read(launch, 'events.jsonl')).toBe('ready\nover\n');
  });
});
