/** The checks of executor.ts: attempts as processes, with and without a launcher, and scripted ones. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { LocalExecutor } from '../../src/execution/local/executor.ts';
import { ScriptedExecutor, type Play, type Step } from '../../src/execution/scripted/executor.ts';
import type { AttemptOrder } from '../../src/model/attempt.ts';
import type { LauncherProgram } from '../../src/execution/local/launcher.ts';
import { launchers } from '../execution/local/launchers.ts';
import { newOrder, shellOrder, temporaryDirectory } from '../execution/local/orders.ts';
import { executorChecks, type Behaviour, type ExecutorFixture } from './executor.ts';
import { processChecks } from './processes.ts';

const root = temporaryDirectory('executor');

function local(...programs: LauncherProgram[]): ExecutorFixture {
  const options = { env: process.env, launchers: programs };
  return {
    executor: closed(new LocalExecutor(options)),
    later: () => closed(new LocalExecutor(options)),
    order({ prints = [], waits = false, printsThen = [], exit = 0 }) {
      const line = [
        ...prints.map((text) => `echo ${text}`),
        ...(waits ? ['until [ -e go ]; do sleep 0.01; done'] : []),
        ...printsThen.map((text) => `echo ${text}`),
        `exit ${exit}`,
      ];
      return shellOrder(root, line.join('; '));
    },
    release: ({ cwd }) => writeFileSync(path.join(cwd, 'go'), ''),
  };
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
