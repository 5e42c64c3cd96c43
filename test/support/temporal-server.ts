/**
 * A real Temporal server for tests: on free ports, with a database in a file, so that it can die and come back. It is far too
 * large for this repository: scripts/test-temporal.mjs brings it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { freePorts } from './free-ports.ts';

const program = process.env['CODEX_ORCH_TEST_TEMPORAL'] ?? null;

/** Why attempts on other machines cannot be tried here; null where they can. */
export function temporalProblem(): string | null {
  if (program !== null) return null;
  return 'no Temporal server: node scripts/test-temporal.mjs says how to have one';
}

export interface TemporalServer {
  /** `host:port` of its frontend. */
  address: string;
  /** Without mercy; resolves once it is gone. */
  kill(): Promise<void>;
  /** At the same address, with what it knew. */
  restart(): Promise<void>;
  /** Of a server that is dead: it knows nothing any more. */
  forget(): void;
  /** Answers nobody until it is thawed, and is not gone. */
  freeze(): void;
  thaw(): void;
}

/**
 * Started, and ready to serve: whoever has it kills it. `directory`: for its database and what it prints.
 *
 * @throws Error where it does not come to serve; nothing of it is left then
 */
export async function startTemporalServer(directory: string): Promise<TemporalServer> {
  const [port, httpPort, metricsPort] = await freePorts(3);
  const database = path.join(directory, 'temporal.db');
  const address = `127.0.0.1:${port}`;
  const words = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', `${port}`];
  words.push('--http-port', `${httpPort}`, '--metrics-port', `${metricsPort}`);
  words.push('--db-filename', database, '--log-level', 'error');
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const log = openSync(path.join(directory, 'temporal.log'), 'a');
    const begun = spawn(program ?? '', words, {
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'], HOME: directory },
    });
    closeSync(log);
    child = begun;
    try {
      await untilItServes(address, begun);
    } catch (error) {
      await kill();
      throw error;
    }
  };
  const kill = async (): Promise<void> => {
    const gone = child;
    child = null;
    if (gone === null || hasEnded(gone)) return;
    const exited = new Promise((resolve) => gone.once('exit', resolve));
    gone.kill('SIGKILL');
    await exited;
  };
  await start();
  return {
    address,
    kill,
    restart: start,
    forget: () => {
      for (const more of ['', '-wal', '-shm']) rmSync(`${database}${more}`, { force: true });
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}

async function untilItServes(address: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (hasEnded(child)) {
      throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}`);
    }
    const connection = Connection.lazy({ address });
    try {
      await connection.withDeadline(Date.now() + 2000, () =>
        connection.workflowService.describeNamespace({ namespace: 'default' }),
      );
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await connection.close();
    }
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
