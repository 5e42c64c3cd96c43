/** The checks of executor.ts: attempts as processes, with and without a launcher, scripted ones, and those of another machine. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { LocalExecutor } from '../../src/execution/local/executor.ts';
import { ScriptedExecutor, type Play, type Step } from '../../src/execution/scripted/executor.ts';
import type { TemporalExecutor } from '../../src/execution/temporal/executor.ts';
import type { AttemptOrder } from '../../src/model/attempt.ts';
import type { LauncherProgram } from '../../src/execution/local/launcher.ts';
import { launchers } from '../execution/local/launchers.ts';
import { newOrder, shellOrder, temporaryDirectory } from '../execution/local/orders.ts';
import { remoteOrder } from '../execution/temporal/remote-attempts.ts';
import {
  endWorkers,
  fastSettings,
  remoteExecutor,
  startWorkerProcess,
} from '../execution/temporal/workers.ts';
import {
  startTemporalServer,
  temporalProblem,
  type TemporalServer,
} from '../support/temporal-server.ts';
import { executorChecks, type Behaviour, type ExecutorFixture } from './executor.ts';
import { processChecks } from './processes.ts';

const root = temporaryDirectory('executor');
let count = 0;

function local(...programs: LauncherProgram[]): ExecutorFixture {
  const options = { env: process.env, launchers: programs };
  return {
    executor: closed(new LocalExecutor(options)),
    later: () => closed(new LocalExecutor(options)),
    order: (behaviour) => shellOrder(root, shellLine(behaviour, 'go')),
    release: ({ cwd }) => writeFileSync(path.join(cwd, 'go'), ''),
  };
}

/** `go`: the file whose coming releases it, as does the end of its attempt's directory. */
function shellLine(behaviour: Behaviour, go: string): string {
  const { prints = [], waits = false, printsThen = [], exit = 0 } = behaviour;
  const line = [
    ...prints.map((text) => `echo ${text}`),
    ...(waits
      ? [`until [ -e '${go}' ] || ! [ -d "$CODEX_ORCH_ATTEMPT_DIR" ]; do sleep 0.01; done`]
      : []),
    ...printsThen.map((text) => `echo ${text}`),
    `exit ${exit}`,
  ];
  return line.join('; ');
}

function scripted(): ExecutorFixture {
  const plays = new Map<string, Play>();
  const releases = new Map<string, () => void>();
  const now = (): string => new Date().toISOString();
  const executor = new ScriptedExecutor(({ attemptDir }) => plays.get(attemptDir) ?? none(), now);
  return {
    executor,
    // It keeps in memory what processes keep on disk.
    later: () => executor,
    order(behaviour) {
      const order = newOrder(root);
      const released = new Promise<void>((resolve) => releases.set(order.attemptDir, resolve));
      plays.set(order.attemptDir, playOf(behaviour, released));
      return order;
    },
    release: ({ attemptDir }: AttemptOrder) => releases.get(attemptDir)?.(),
  };
}

function playOf({ prints = [], waits, printsThen = [], exit = 0 }: Behaviour, go: Promise<void>) {
  const print = (text: string): Step => ({ does: { type: 'output', text } });
  const steps: Step[] = [
    ...prints.map(print),
    ...(waits ? [{ waits: go }] : []),
    ...printsThen.map(print),
  ];
  if (exit === 0) return { steps };
  const end = {
    termination_reason: 'nonzero_exit',
    return_code: exit,
    failure_kind: 'task_runtime',
    failure_summary: `ended with exit status ${exit}`,
  } as const;
  return { steps, end };
}

function none(): never {
  throw new Error('the script does not know the order');
}

describe('attempts on another machine', (): void => {
  const problem = temporalProblem();
  let server: TemporalServer | null = null;
  beforeAll(async () => {
    if (problem !== null) return;
    server = await startTemporalServer(root);
    const settings = fastSettings(server.address);
    await startWorkerProcess(path.join(root, 'worker'), { settings, queue: 'q' });
  });
  afterAll(async () => {
    await endWorkers();
    await server?.kill();
  });
  for (const { name, run } of executorChecks) {
    it(name, async (context) => {
      if (problem !== null) return context.skip(problem);
      const executors: TemporalExecutor[] = [];
      try {
        await run(remote(server?.address ?? '', executors));
      } finally {
        await Promise.all(executors.map((executor) => executor.close()));
      }
    });
  }
});

function remote(address: string, opened: TemporalExecutor[]): ExecutorFixture {
  const make = (): TemporalExecutor => {
    const places = { depot: path.join(root, 'depot'), globalRoot: path.join(root, 'global') };
    const executor = remoteExecutor(fastSettings(address), places);
    opened.push(executor);
    return executor;
  };
  const goes = new Map<string, string>();
  return {
    executor: make(),
    later: make,
    order(behaviour) {
      // Both machines see it: in the worker's directory the test could not find the agent.
      const go = path.join(root, `go-${(count += 1)}`);
      const order = remoteOrder(root, shellLine(behaviour, go));
      goes.set(order.attemptDir, go);
      return order;
    },
    release: ({ attemptDir }) => writeFileSync(goes.get(attemptDir) ?? '', ''),
  };
}

const open: LocalExecutor[] = [];
afterAll(() => Promise.all(open.map((executor) => executor.close())));

function closed(executor: LocalExecutor): LocalExecutor {
  open.push(executor);
  return executor;
}

const forked: [string, LauncherProgram[]][] = [
  ...launchers.map(([name, program]): [string, LauncherProgram[]] => [
    `processes that the ${name} launcher forks`,
    [program],
  ]),
  ['processes that we fork', []],
];

describe.each<[string, () => ExecutorFixture]>([
  ...forked.map(([name, programs]): [string, () => ExecutorFixture] => [
    name,
    () => local(...programs),
  ]),
  ['scripted attempts', scripted],
])('%s', (_, make) => {
  for (const { name, run } of executorChecks) it(name, () => run(make()));
});

describe.each(forked)('%s, as such', (_, programs) => {
  for (const { name, run } of processChecks) {
    it(name, () => run(local(...programs).executor, root));
  }
});
