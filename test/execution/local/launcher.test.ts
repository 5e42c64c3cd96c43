import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalExecutor } from '../../../src/execution/local/executor.ts';
import type { AttemptOrder } from '../../../src/model/attempt.ts';
import { launchers } from './launchers.ts';
import {
  exists,
  pidOf,
  read,
  shellOrder,
  temporaryDirectory,
  until,
  untilPrinted,
} from './orders.ts';

const root = temporaryDirectory('launcher');
const direct = new LocalExecutor({ env: process.env, launchers: [] });
const deaf = (): void => undefined;

/** What a process finds when it starts, as text. */
async function surroundings(change: Partial<AttemptOrder>, executor: LocalExecutor) {
  const look = [
    'env -0 | sort -z | tr "\\0" "\\1" | tr "\\n" "\\2" | tr "\\1" "\\n"',
    'pwd',
    'umask',
    'grep -E "^Sig(Ign|Blk)" /proc/self/status',
    'ls /proc/$$/fd',
    'readlink /proc/$$/fd/0',
    'ps -o nice= -p $$',
  ];
  const order = shellOrder(root, look.join('; '), { ...change });
  const process = await executor.start(order, deaf);
  expect((await process.ended).return_code).toBe(0);
  const own = new RegExp(`${path.dirname(order.cwd)}/(workspace|program)-\\d+`, 'g');
  const lines = read(order, 'events.jsonl').replaceAll(own, '<$1>').split('\n');
  // The program that a shell started last: bash(1) sets it for whatever it starts.
  return lines.filter((line) => !line.startsWith('_='));
}

describe.each(launchers)('an attempt that the %s launcher forks', (_, program) => {
  const withLauncher = (env: NodeJS.ProcessEnv = process.env): LocalExecutor =>
    new LocalExecutor({ env, launchers: [program] });

  it('finds exactly what one that we fork ourselves finds', async () => {
    const executor = withLauncher();
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
      const ours = await surroundings(change, direct);
      expect(await surroundings(change, executor)).toEqual(ours);
    }
    await executor.close();
  });

  it('finds nothing of what the start files of a shell set, where no shell is around the engine', async () => {
    const home = path.join(root, 'home');
    mkdirSync(home, { recursive: true });
    writeFileSync(path.join(home, '.bashrc'), 'export FROM_BASHRC=1\n');
    const env: NodeJS.ProcessEnv = { ...process.env, HOME: home };
    delete env['SHLVL'];
    const executor = withLauncher(env);
    const order = shellOrder(root, 'echo "$FROM_BASHRC"');
    await (
      await executor.start(order, deaf)
    ).ended;
    expect(read(order, 'events.jsonl')).toBe('\n');
    await executor.close();
  });

  it.each(['UID', 'RANDOM', 'BASH_ENV', 'POSIXLY_CORRECT'])(
    'is not left to a shell that would change its %s',
    async (name) => {
      const executor = withLauncher();
      const value = '5';
      const order = shellOrder(root, 'tr "\\0" "\\n" </proc/$$/environ', {
        env: { [name]: value },
      });
      await (
        await executor.start(order, deaf)
      ).ended;
      expect(read(order, 'events.jsonl').split('\n')).toContain(`${name}=${value}`);
      await executor.close();
    },
  );

  it('goes on when the launcher dies, and the next one starts without it', async () => {
    const executor = withLauncher();
    const line = 'echo ready; until [ -e go ]; do sleep 0.01; done';
    const first = shellOrder(root, `echo launcher $(ps -o ppid= -p $(ps -o ppid= -p $$)); ${line}`);
    const process_ = await executor.start(first, deaf);
    const printed = await untilPrinted(first, 'ready');
    const pid = Number(/launcher\s+(\d+)/.exec(printed)?.[1]);
    process.kill(pid, 'SIGKILL');
    await until('the launcher is gone', () => !exists(pid));
    const second = shellOrder(root, 'echo ran');
    expect(await (await executor.start(second, deaf)).ended).toMatchObject({ return_code: 0 });
    expect(read(second, 'events.jsonl')).toBe('ran\n');
    expect(exists(await pidOf(first))).toBe(true);
    const touch = shellOrder(root, `: >${path.join(first.cwd, 'go')}`);
    await (
      await direct.start(touch, deaf)
    ).ended;
    expect(await process_.ended).toMatchObject({ return_code: 0, termination_reason: 'completed' });
  });

  it('is an orphan where nothing could record its exit', async () => {
    const executor = withLauncher();
    const order = shellOrder(root, 'echo ready; sleep 300');
    const attempt = await executor.start(order, deaf);
    await untilPrinted(order, 'ready');
    process.kill(-(await pidOf(order)), 'SIGKILL');
    expect(await attempt.ended).toMatchObject({
      return_code: null,
      termination_reason: 'orphaned',
    });
    await executor.close();
  });
});

it.each(launchers.filter(([name]) => name === 'native'))(
  'a keeper of the %s launcher does not begin an agent that was asked to stop before',
  async (_, { argv, encode }) => {
    const directory = path.join(root, 'asked');
    mkdirSync(directory);
    const inside = (name: string): string => path.join(directory, name);
    // A pipe that nobody writes to holds it up where it opens the prompt.
    spawnSync('mkfifo', [inside('prompt')]);
    const files = { stdin: inside('prompt'), stdout: inside('out'), stderr: inside('err') };
    const ours = [inside('identity'), inside('claim'), inside('exit'), 'boot', 'ns', 'host'];
    const words = [...ours, 'touch', inside('ran')];
    const [program, ...rest] = argv;
    const launcher = spawn(program, rest, { stdio: ['pipe', 'ignore', 'ignore'] });
    const request = { cwd: directory, env: process.env, ...files, words };
    const text = Buffer.from(encode('1', request, process.env) ?? '');
    launcher.stdin.write(Buffer.concat([Buffer.from(String(text.length).padStart(8, '0')), text]));
    const children = `/proc/${launcher.pid}/task/${launcher.pid}/children`;
    const keeper = (): number => Number(readFileSync(children, 'utf8'));
    await until('its keeper is held up', () => {
      return keeper() > 0 && readFileSync(`/proc/${keeper()}/wchan`, 'utf8').includes('partner');
    });
    process.kill(-keeper(), 'SIGTERM');
    closeSync(openSync(inside('prompt'), constants.O_WRONLY | constants.O_NONBLOCK));
    const recorded = (): string =>
      existsSync(inside('exit')) ? readFileSync(inside('exit'), 'utf8') : '';
    await until('it has recorded an exit', () => /\d/.test(recorded()));
    expect(recorded()).toBe('\n143\n');
    expect(existsSync(inside('ran'))).toBe(false);
    launcher.stdin.end();
  },
);
