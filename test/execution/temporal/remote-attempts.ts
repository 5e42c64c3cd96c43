/** Attempts that go to a worker by way of a depot, with real disk, git and processes; no server hands them out. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeDirectories } from '../../../src/attempt/place/directories.ts';
import { launchersHere, LocalExecutor } from '../../../src/execution/local/executor.ts';
import { DepotDelivery } from '../../../src/execution/temporal/depot/delivery.ts';
import { DepotDispatch } from '../../../src/execution/temporal/depot/dispatch.ts';
import type { Delivery, Dispatch, Placement } from '../../../src/execution/temporal/protocol.ts';
import { hostedPlace, type HostedPlace } from '../../../src/execution/temporal/worker/places.ts';
import { makeTree } from '../../../src/git/tree.ts';
import type { DepotSettings } from '../../../src/model/machines.ts';
import type { AttemptEnd, AttemptOrder, RemoteTree } from '../../../src/model/attempt.ts';
import { makeRepository, testEnv, testGit } from '../../git/made-repository.ts';
import { newOrder, temporaryDirectory, type OrderChange } from '../local/orders.ts';

/** A machine of a run: its depot, its user's directory, and the side of the engine. */
export interface RunSide {
  root: string;
  globalRoot: string;
  depot: DepotSettings;
  dispatch: Dispatch;
}

export function runSide(change: { depot?: DepotSettings } = {}): RunSide {
  const root = temporaryDirectory('depot-run');
  const globalRoot = path.join(root, 'global');
  const directory = path.join(root, 'shared');
  mkdirSync(directory);
  const depot = change.depot ?? { directory, listen: null, url: null };
  const options = { depot, globalRoot, env: testEnv, fenceMs: 600_000 };
  return { root, globalRoot, depot, dispatch: new DepotDispatch(options) };
}

let count = 0;

/** An order of a shell line that is to be carried out elsewhere, in an empty directory. */
export function remoteOrder(
  root: string,
  run: string,
  change: OrderChange = {},
  prompt = 'Work.\n',
): AttemptOrder {
  const order = newOrder(root, { run, ...change }, prompt);
  const runDir = path.dirname(path.dirname(path.dirname(path.dirname(order.attemptDir))));
  const questionsDir = path.join(order.attemptDir, 'questions');
  const id = `20260101T000000-${(count += 1)}/i/1`;
  const empty = order.programDir;
  return {
    ...order,
    cwd: change.cwd ?? empty,
    projectWorkspaceDir: change.cwd ?? empty,
    env: { ...order.env, CODEX_ORCH_QUESTIONS_DIR: questionsDir, PATH: '/shim/of/the/run' },
    remote: { id, queue: 'q', runDir, questionsDir, tree: null, ...change.remote },
  };
}

export interface MadeTree {
  repository: ReturnType<typeof makeRepository>;
  tree: RemoteTree;
}

/** A tree of a repository of the person's, as an engine makes one. */
export async function madeTree(
  root: string,
  files: Record<string, string | Buffer> = { 'a.txt': 'one\n' },
): Promise<MadeTree> {
  const repository = makeRepository();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(repository.dir, name)), { recursive: true });
    writeFileSync(path.join(repository.dir, name), text);
  }
  const start = repository.commit('first');
  const folder = path.join(root, `trees-${(count += 1)}`, 'abcdefgh');
  const directory = path.join(folder, '12345678');
  mkdirSync(directory, { recursive: true });
  const git = path.join(repository.dir, '.git');
  const tree: RemoteTree = {
    ...{ folder, directory, repository: git, objectFormat: 'sha1', base: start, start },
    indexFile: path.join(root, `tree-${count}.index`),
    ...{ copied: [], setup: null, maxFileBytes: 100 * 1024 * 1024 },
  };
  const fresh = { objectFormat: 'sha1', worktree: repository.dir, start, merge: null, left: null };
  await makeTree(testGit, { repository: git, directory, indexFile: tree.indexFile }, fresh);
  return { repository, tree };
}

/** As `remoteOrder`, in a tree. */
export function treeOrder(
  root: string,
  { tree }: MadeTree,
  run: string,
  change: OrderChange = {},
): AttemptOrder {
  const order = remoteOrder(root, run, { ...change, cwd: tree.directory });
  return { ...order, remote: { ...(order.remote as NonNullable<typeof order.remote>), tree } };
}

export interface Host {
  env: NodeJS.ProcessEnv;
  directory: string;
}

/** A machine that works for others. */
export function host(env: NodeJS.ProcessEnv = {}): Host {
  const directory = temporaryDirectory('depot-host');
  return { directory, env: { ...testEnv, HOME: directory, ...env } };
}

export function deliveryOf(placement: Placement, { env, directory }: Host): Delivery {
  return new DepotDelivery(placement, {
    env,
    cacheDir: path.join(directory, 'cache'),
    commandDir: path.join(directory, 'bin'),
    insecure: false,
  });
}

/** What a worker of the machine keeps of it. */
export function keptOn({ directory }: Host, { id }: Placement): HostedPlace {
  return hostedPlace(path.join(directory, 'attempts'), id);
}

/** Where it is laid out there. */
export function placeOn(machine: Host, placement: Placement): string {
  return keptOn(machine, placement).place;
}

/** What a worker does with an attempt, from its hand-out to its end. */
export async function workOn(
  placement: Placement,
  machine: Host,
  meanwhile: (order: AttemptOrder, delivery: Delivery) => Promise<void> = async () => undefined,
): Promise<{ order: AttemptOrder; end: AttemptEnd; delivery: Delivery }> {
  const delivery = deliveryOf(placement, machine);
  const kept = keptOn(machine, placement);
  kept.begin(placement);
  const order = await delivery.layOut(kept.place);
  const executor = new LocalExecutor({ env: machine.env, launchers: launchersHere() });
  try {
    const handle = await executor.start(order, () => undefined);
    await meanwhile(order, delivery);
    const end = await handle.ended;
    await delivery.handInEnd(order, end);
    return { order, end, delivery };
  } finally {
    await executor.close();
  }
}

/** Its whole way, from its hand-out until it is taken in. `there`: the order as the worker has it. */
export async function carried(
  { dispatch }: Pick<RunSide, 'dispatch'>,
  order: AttemptOrder,
  machine = host(),
): Promise<{ end: AttemptEnd; there: AttemptOrder }> {
  const { order: there } = await workOn(await dispatch.give(order), machine);
  return { end: await dispatch.takeIn(order), there };
}

/** The next attempt of the same instance, in the same session and tree. */
export function nextOrder(
  before: AttemptOrder,
  change: Partial<AttemptOrder>,
  prompt: string,
): AttemptOrder {
  const { remote } = before;
  if (remote === undefined) throw new Error('it is an order of this machine');
  const attemptDir = path.join(path.dirname(before.attemptDir), '0002');
  const controlDir = path.join(path.dirname(before.controlDir), '0002');
  makeDirectories({ attemptDir, controlDir });
  writeFileSync(path.join(controlDir, 'prompt.md'), prompt);
  const questionsDir = path.join(attemptDir, 'questions');
  return {
    ...{ ...before, attemptDir, controlDir },
    env: { ...before.env, CODEX_ORCH_ATTEMPT_DIR: attemptDir },
    remote: { ...remote, id: remote.id.replace(/1$/, '2'), questionsDir },
    ...change,
  };
}
