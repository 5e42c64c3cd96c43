/**
 * What attempts on other machines cost, over a real server, a depot and two workers of this machine: section 21 of the
 * contract. Nothing where no server is at hand: scripts/test-temporal.mjs.
 */
import {
  execFileSync,
  spawn,
  type ChildProcess,
  type ChildProcessByStdio,
} from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { freePorts } from '../test/support/free-ports.ts';
import { startTemporalServer, temporalProblem } from '../test/support/temporal-server.ts';
import { cliArgv, driveTimes, ms, row, rounds, times, type Bench, type Row } from './bench.ts';
import { median } from './measure.ts';

const SLOTS = 8;

export async function machines(bench: Bench): Promise<Row[]> {
  if (temporalProblem() !== null) return [];
  const directory = path.join(bench.directory, 'machines');
  mkdirSync(directory);
  const server = await startTemporalServer(directory);
  const place = new Place(bench, directory, server.address);
  try {
    await place.open();
    return [...(await alone(place)), ...(await many(place)), ...(await wire(place))];
  } finally {
    await place.close();
    await server.kill();
  }
}

/** One attempt after the other, here and there. */
async function alone(place: Place): Promise<Row[]> {
  const count = place.bench.quick ? 2 : 20;
  const [here, there] = ['local', 'temporal'].map((executor) =>
    place.program(`alone-${executor}`, executor, { count, isChain: true }),
  );
  const measured: [number, number][] = [];
  for (let round = 0; round < rounds(place.bench, 3); round += 1) {
    const [remote, local] = [await place.drive(there ?? ''), await place.drive(here ?? '')];
    measured.push([remote.driveMs / count, local.driveMs / count]);
  }
  const [remote, local] = [0, 1].map((of) => median(measured.map((pair) => pair[of] ?? NaN)));
  const ratio = median(measured.map(([a, b]) => a / b));
  return [
    row(
      'an attempt of `true` on another machine (a server, a depot and a worker of this one), one at a time, against one here',
      `${times(ratio)} (${ms(remote ?? NaN)} against ${ms(local ?? NaN)})`,
      'reported',
      null,
    ),
  ];
}

/** Many at once over two workers, and who has what to do for it. */
async function many(place: Place): Promise<Row[]> {
  const count = place.bench.quick ? 4 : 500;
  const program = place.program('many', 'temporal', { count, isChain: false });
  const before = place.workers.map(processorMs);
  const { driveMs, cpuMs } = await place.drive(program);
  const used = place.workers.map((worker, index) => processorMs(worker) - (before[index] ?? 0));
  const each = used.map((spent) => ms(spent / count)).join(' and ');
  return [
    row(
      `${count} attempts of \`true\` over two workers of ${SLOTS} slots`,
      `${((count * 1000) / driveMs).toFixed(1)} a second, ${ms(driveMs)}; processor of an attempt: engine and depot ${ms(cpuMs / count)}, the workers ${each}`,
      'reported',
      null,
    ),
  ];
}

/** What an attempt that changes 1 kB sends to and from a worker that knows the repository. */
async function wire(place: Place): Promise<Row[]> {
  const megabytes = place.bench.quick ? 1 : 20;
  const program = place.program('wire', 'temporal', { count: 1, isChain: false, megabytes });
  // Both workers come to know it.
  for (let round = 0; round < 4; round += 1) await place.drive(program);
  const sent: number[] = [];
  for (let round = 0; round < rounds(place.bench, 5); round += 1) {
    const before = place.bytes;
    await place.drive(program);
    sent.push(place.bytes - before);
  }
  const most = Math.max(...sent) / 1000;
  return [
    row(
      `bytes between depot and worker of an attempt that changes 1 kB in a repository of ${megabytes} MB, after the first`,
      `${most.toFixed(1)} kB at most of ${sent.length}`,
      'at most 100 kB',
      most <= 100,
    ),
  ];
}

interface Shape {
  count: number;
  isChain: boolean;
  /** Of the repository, in files that cannot be compressed. */
  megabytes?: number;
}

/** Two workers, and a line to the depot on which bytes are counted. */
class Place {
  readonly bench: Bench;
  readonly workers: ChildProcess[] = [];
  /** Over the line, both ways. */
  bytes = 0;
  readonly #directory: string;
  readonly #address: string;
  #depotPort = 0;
  #linePort = 0;
  #line: Server | null = null;
  readonly #open = new Set<Socket>();

  constructor(bench: Bench, directory: string, address: string) {
    this.bench = bench;
    this.#directory = directory;
    this.#address = address;
  }

  async open(): Promise<void> {
    [this.#depotPort = 0, this.#linePort = 0] = await freePorts(2);
    this.#line = createServer((near) => this.#carry(near)).listen(this.#linePort, '127.0.0.1');
    for (const name of ['one', 'two']) await this.#work(name);
  }

  async close(): Promise<void> {
    for (const worker of this.workers) worker.kill('SIGKILL');
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#line?.close(resolve) ?? resolve(null));
  }

  /** A repository with tasks of nothing, each in a tree of its own. Its directory. */
  program(name: string, executor: string, { count, isChain, megabytes = 0 }: Shape): string {
    const directory = path.join(this.#directory, name);
    mkdirSync(path.join(directory, 'tasks'), { recursive: true });
    const lines = [
      ...[
        'edition: 2',
        'name: bench',
        'workspace: .',
        'default_agent: shell',
        `executor: ${executor}`,
      ],
      ...[`max_concurrency: ${2 * SLOTS}`, 'isolation: tree'],
      `temporal: {address: "${this.#address}", task_queue: bench}`,
      `depot: {listen: "127.0.0.1:${this.#depotPort}", url: "http://127.0.0.1:${this.#linePort}"}`,
    ];
    writeFileSync(path.join(directory, 'project.yaml'), `${lines.join('\n')}\n`);
    const run = megabytes === 0 ? ':' : 'head -c 1000 /dev/urandom > changed';
    for (let at = 0; at < count; at += 1) {
      const after = isChain && at > 0 ? `depends_on: [{task: t${at - 1}, kind: order}]\n` : '';
      const text = `id: t${at}\ntitle: t${at}\nstatus: ready\nlabels: [all]\nrun: ${JSON.stringify(run)}\n${after}`;
      writeFileSync(path.join(directory, 'tasks', `t${at}.yaml`), text);
    }
    for (let at = 0; at < megabytes; at += 1) {
      writeFileSync(path.join(directory, `f${at}`), randomBytes(1_000_000));
    }
    const who = ['-c', 'user.name=p', '-c', 'user.email=p@example.com'];
    for (const words of [
      ['init', '-q', '-b', 'main'],
      ['add', '-A'],
      ['commit', '-qm', 'x'],
    ]) {
      execFileSync('git', [...who, ...words], { cwd: directory });
    }
    return directory;
  }

  /** Starts a run of all of it, and waits for its end. `cpuMs`: of the command and what it started itself. */
  async drive(directory: string): Promise<{ driveMs: number; cpuMs: number }> {
    const argv = cliArgv(this.bench, 'run', 'start', directory, '--label', 'all', '--wait');
    const [program, ...words] = argv;
    const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    let cpuMs = 0;
    const timer = setInterval(() => (cpuMs = Math.max(cpuMs, processorMs(child))), 20);
    const status = await new Promise((resolve) => child.once('exit', resolve));
    clearInterval(timer);
    if (status !== 0) throw new Error(`${argv.join(' ')}: status ${String(status)}\n${said}`);
    return { ...driveTimes(directory), cpuMs };
  }

  #carry(near: Socket): void {
    const far = connect(this.#depotPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#open.add(from);
      from.on('data', (chunk: Buffer) => (this.bytes += chunk.length));
      from.on('error', () => to.destroy());
      from.on('close', () => this.#open.delete(from));
      from.pipe(to);
    }
  }

  /** Starts a worker; resolves once it serves its queue. */
  async #work(name: string): Promise<void> {
    const home = path.join(this.#directory, name);
    mkdirSync(path.join(home, '.codex-orch'), { recursive: true });
    const config = `[temporal]\naddress = "${this.#address}"\n`;
    writeFileSync(path.join(home, '.codex-orch', 'config.toml'), config);
    const [program, ...words] = cliArgv(
      this.bench,
      'worker',
      '--queue',
      'bench',
      '--slots',
      `${SLOTS}`,
    );
    const child = spawn(program, words, {
      cwd: home,
      env: { PATH: process.env['PATH'], HOME: home },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.workers.push(child);
    await untilItServes(child);
  }
}

/** How long a worker may take until it serves. */
const START_MS = 60_000;

function untilItServes(worker: ChildProcessByStdio<null, null, Readable>): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (what: string): void => reject(new Error(`a worker ${what}\n${said}`));
    const timer = setTimeout(() => fail(`does not serve after ${START_MS / 1000} s`), START_MS);
    worker.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`ended with ${code ?? signal}`);
    });
    worker.stderr.on('data', (text: Buffer) => {
      said += text.toString();
      if (!/serves /.test(said)) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Of a process and of those of its children that it has waited for, in ms: proc(5). 0 once it is gone. */
function processorMs({ pid }: ChildProcess): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
  } catch {
    return 0;
  }
}
