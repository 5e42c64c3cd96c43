/** An attempt laid out on a worker: the same layout as with the run, below one place. */
import { chmodSync } from 'node:fs';
import path from 'node:path';
import { backendOf } from '../../../agents/backends.ts';
import { linkTo, makeDirectory, remove, replaceFile, writeFile } from '../../../disk/disk.ts';
import { hashForeign, kindAt, readForeign } from '../../../disk/foreign-file.ts';
import { readForeignJson } from '../../../disk/foreign-json.ts';
import { namedInside, resolveInside } from '../../../disk/inside.ts';
import { prepareAttempt } from '../../local/environment.ts';
import { setUpTree } from '../../local/tree-setup.ts';
import type { Git } from '../../../git/git.ts';
import { isJsonObject, stringifyJson, type Json } from '../../../model/json.ts';
import type { AttemptOrder } from '../../../model/attempt.ts';
import { Refusal } from '../../../model/refusal.ts';
import { RECORD } from '../depot/limits.ts';
import type { FetchBlob } from './base-cache.ts';
import type { Blob, GivenFile, GivenLink, Manifest } from './manifest.ts';
import { rootsAt, translated, translation } from './marks.ts';
import { laySession } from './session.ts';
import { layOutTree, treeThere } from './tree-there.ts';

export interface PlaceContext {
  git: Git;
  /** The worker's own environment. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** Where bases of repositories are kept. */
  cacheDir: string;
  /** Where the `codex-orch` lies that its agents call. */
  commandDir: string;
  /** Without a look at the hash. */
  fetch(blob: Blob, file: string): Promise<void>;
}

/** Written last: whoever finds it finds all. */
const ORDER_FILE = 'order.json';

/** The order of what lies there whole, for this very manifest; null: nothing does. */
export function laidOut(place: string, manifestSha256: string): AttemptOrder | null {
  const read = readForeignJson(path.join(place, ORDER_FILE), RECORD);
  if (!read.ok || !isJsonObject(read.value)) return null;
  const { manifest, order } = read.value;
  return manifest === manifestSha256 && isJsonObject(order)
    ? (order as unknown as AttemptOrder)
    : null;
}

/** @throws Refusal for what cannot be laid out; with `tree-setup`, where only that failed */
export async function layOutPlace(
  place: string,
  manifest: Manifest,
  manifestSha256: string,
  context: PlaceContext,
): Promise<AttemptOrder> {
  remove(place);
  const fetch = checkedFetch(context.fetch);
  const roots = rootsAt(place);
  for (const each of [roots.run, roots.tree, roots.program]) makeDirectory(each);
  const order = orderHere(place, manifest, context);
  const { git, cacheDir } = context;
  if (manifest.tree !== null) await layOutTree(git, manifest.tree, { place, cacheDir, fetch });
  const translate = translation(manifest.marks, roots);
  for (const file of manifest.files) {
    const target = targetOf(roots[file.at], file.path);
    await layFile(file, target, fetch, translate);
  }
  for (const link of manifest.links) layLink(roots.tree, link);
  showEnginesFiles(order);
  for (const each of [
    path.join(order.attemptDir, 'scratch'),
    order.cwd,
    order.projectWorkspaceDir,
  ]) {
    makeBelow(place, each);
  }
  await giveSession(manifest, order, context, fetch);
  await setUp(order, context);
  const record = { manifest: manifestSha256, order };
  replaceFile(path.join(place, ORDER_FILE), `${stringifyJson(record as unknown as Json)}\n`);
  return order;
}

/** What comes is what was promised, or it goes. */
function checkedFetch(fetch: PlaceContext['fetch']): FetchBlob {
  return async (blob, file) => {
    await fetch(blob, file);
    const found = await hashForeign(file, { maxBytes: blob.size });
    if (found.ok && found.sha256 === blob.sha256) return;
    remove(file);
    const why = found.ok ? `its SHA-256 is ${found.sha256}` : found.reason;
    throw notLaidOut(`the blob ${blob.sha256} of the depot is another: ${why}`);
  };
}

function orderHere(place: string, manifest: Manifest, context: PlaceContext): AttemptOrder {
  const roots = rootsAt(place);
  const translate = translation(manifest.marks, roots);
  const order = translated(manifest.order as unknown as Json, translate) as unknown as AttemptOrder;
  const { remote } = order;
  if (remote === undefined) throw notLaidOut('its order is one of its own machine');
  const { env, commandDir } = context;
  const base = order.env['PATH'] ?? env['PATH'] ?? '';
  const ceilings = [
    ...(env['GIT_CEILING_DIRECTORIES'] ? [env['GIT_CEILING_DIRECTORIES']] : []),
    path.dirname(order.attemptDir),
    roots.tree,
  ];
  const { tree } = remote;
  const here = manifest.tree === null ? null : treeThere(place, manifest.tree.name);
  return {
    ...order,
    env: {
      ...order.env,
      ...(tree === null ? {} : { GIT_CEILING_DIRECTORIES: ceilings.join(path.delimiter) }),
      PATH: base === '' ? commandDir : `${commandDir}${path.delimiter}${base}`,
    },
    remote: { ...remote, tree: tree === null || here === null ? null : { ...tree, ...here } },
  };
}

function targetOf(root: string, relative: string): string {
  const inside = resolveInside(root, relative);
  if (inside.ok) return inside.path;
  throw notLaidOut(`${JSON.stringify(relative)}: ${inside.reason}`);
}

async function layFile(
  file: GivenFile,
  target: string,
  fetch: FetchBlob,
  translate: (text: string) => string,
): Promise<void> {
  makeDirectory(path.dirname(target));
  await fetch(file, target);
  if (file.isMarked) {
    const read = readForeign(target, { maxBytes: file.size });
    if (!read.ok) throw notLaidOut(`${target}: ${read.reason}`);
    writeFile(target, translate(read.bytes.toString('utf8')));
  }
  // What a run leaves is its owner's alone; of a tree, it is as it was.
  chmodSync(target, file.at === 'tree' ? file.mode | 0o600 : 0o600 | (file.mode & 0o100));
}

function layLink(tree: string, { path: relative, target }: GivenLink): void {
  const named = namedInside(tree, relative);
  const top = path.join(tree, relative.split('/')[0] ?? '');
  const leads = named.ok ? path.resolve(path.dirname(named.path), target) : '';
  if (!named.ok || path.isAbsolute(target) || !leads.startsWith(top + path.sep)) {
    throw notLaidOut(`the link ${JSON.stringify(relative)} would lead out of the tree`);
  }
  const parent = targetOf(tree, path.posix.dirname(relative));
  makeDirectory(parent);
  remove(path.join(parent, path.posix.basename(relative)));
  linkTo(target, path.join(parent, path.posix.basename(relative)));
}

/** As where the run is: the directory of the attempt shows what the engine keeps of it. */
function showEnginesFiles({ attemptDir, controlDir }: AttemptOrder): void {
  makeDirectory(controlDir);
  for (const [name, shown] of [
    ['prompt.md', 'prompt.md'],
    ['manifest.json', path.join('context', 'manifest.json')],
  ] as const) {
    const link = path.join(attemptDir, shown);
    if (kindAt(path.join(controlDir, name)) === 'missing') continue;
    makeDirectory(path.dirname(link));
    linkTo(path.relative(path.dirname(link), path.join(controlDir, name)), link);
  }
}

/** An empty directory is in no commit; a link that somebody has committed would open what it leads to. */
function makeBelow(place: string, directory: string): void {
  const relative = path.relative(place, directory);
  const inside = resolveInside(place, relative);
  if (!inside.ok) throw notLaidOut(`${relative} leads out of its place: ${inside.reason}`);
  makeDirectory(inside.path);
}

async function giveSession(
  { session }: Manifest,
  order: AttemptOrder,
  { env }: PlaceContext,
  fetch: FetchBlob,
): Promise<void> {
  if (session === null) return;
  const all = await attemptEnvironment(order, env);
  await laySession(order.backend, session, all, (file) => fetch(session, file));
}

/** As its agent will have it; where that cannot be prepared, its start will say so. */
export async function attemptEnvironment(
  order: AttemptOrder,
  env: Readonly<NodeJS.ProcessEnv>,
): Promise<NodeJS.ProcessEnv> {
  try {
    return (await prepareAttempt(order, env)).env;
  } catch {
    return { ...env, ...order.env };
  }
}

async function setUp(order: AttemptOrder, { env }: PlaceContext): Promise<void> {
  const tree = order.remote?.tree ?? null;
  if (tree === null || tree.setup === null) return;
  const { can } = backendOf(order.backend);
  const { cwd, attemptDir, programDir, writableRoots, sandbox, profile } = order;
  const problem = await setUpTree(env, {
    ...{ line: tree.setup, cwd, attemptDir, programDir },
    writableRoots: [tree.directory, ...writableRoots],
    isHeld: (can.sandbox || profile?.wrap === 'sandbox') && sandbox !== 'danger-full-access',
    secrets: profile?.secrets ?? [],
  });
  if (problem !== null) throw new Refusal('tree-setup', problem);
}

function notLaidOut(what: string): Refusal {
  return new Refusal('not-laid-out', `The attempt cannot be laid out on this worker: ${what}.`);
}
