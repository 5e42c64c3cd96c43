/** What an attempt needs of the run's machine, put into a depot: its files, and the order with marks for places. */
import path from 'node:path';
import { lstatSync, readlinkSync } from 'node:fs';
import { someNamesIn } from '../../../disk/names-in.ts';
import { readForeign } from '../../../disk/foreign-file.ts';
import { isJsonObject, parseJson, stringifyJson, type Json } from '../../../model/json.ts';
import type { AttemptOrder, RemoteTree } from '../../../model/attempt.ts';
import { Refusal } from '../../../model/refusal.ts';
import { MAX_BLOB_BYTES, MAX_FILES } from '../depot/limits.ts';
import type { BlobFolder } from './blobs.ts';
import { regularFilesBelow, type FoundFile } from './regular-files-below.ts';
import type { GivenFile, GivenLink } from './manifest.ts';
import { rootsOfOrder, translated, translation, type Roots, type Translate } from './marks.ts';

/** Larger ones are no text of ours. */
const MAX_MARKED_BYTES = 64 * 1024 * 1024;

/** Names in the control directory that an agent, or what starts it, reads; the rest tells who runs. */
const givenOfControl = /^(?:prompt\.md|manifest\.json|given-.+)$/;

export interface Packed {
  order: AttemptOrder;
  files: GivenFile[];
  links: GivenLink[];
}

/** @throws Refusal `cannot-travel` with what cannot be had on another machine */
export async function packOrder(
  order: AttemptOrder,
  { blobs, marks }: { blobs: BlobFolder; marks: Roots },
): Promise<Packed> {
  const roots = rootsOfOrder(order);
  const translate = translation(roots, marks);
  const travels = orderThatTravels(order, translate);
  const packer = new Packer(roots.run, blobs, translate);
  const prompt = await packer.addControl(order);
  await packer.addAttempt(order);
  await packer.addSchema(order, prompt);
  await packer.addNamed(order, prompt);
  const { files, links } = packer;
  const tree = order.remote?.tree ?? null;
  if (tree !== null) await packer.addCopied(tree);
  return { order: travels, files, links };
}

/** With marks, and without what is this machine's alone. */
function orderThatTravels(order: AttemptOrder, translate: Translate): AttemptOrder {
  const { env, remote, ...rest } = order;
  if (remote === undefined) throw new TypeError('an order of this machine goes to no depot');
  for (const place of [order.cwd, order.projectWorkspaceDir, ...order.writableRoots]) {
    if (translate(place) !== place) continue;
    throw cannotTravel(`${place} lies on this machine alone`, 'Have it lie in the tree.');
  }
  const tree = remote.tree === null ? null : { ...remote.tree, repository: '', indexFile: '' };
  const travelling: AttemptOrder = {
    ...rest,
    env: envThatTravels(env),
    remote: { ...remote, tree },
  };
  // Where the workspace really lay is true of this machine alone.
  delete travelling.realCwd;
  return translated(travelling as unknown as Json, translate) as unknown as AttemptOrder;
}

/**
 * Whoever made the order has said what may travel. But PATH begins with this machine's `codex-orch`, and
 * GIT_CEILING_DIRECTORIES names its places: both are made anew.
 */
function envThatTravels(env: Readonly<Record<string, string>>): Record<string, string> {
  const made = ['PATH', 'GIT_CEILING_DIRECTORIES'];
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !made.includes(name)));
  const { PATH = '' } = env;
  const own = PATH.split(path.delimiter).slice(1).join(path.delimiter);
  return own === '' ? rest : { ...rest, PATH: own };
}

class Packer {
  readonly files: GivenFile[] = [];
  readonly links: GivenLink[] = [];
  readonly #runDir: string;
  readonly #blobs: BlobFolder;
  readonly #translate: Translate;

  constructor(runDir: string, blobs: BlobFolder, translate: Translate) {
    this.#runDir = runDir;
    this.#blobs = blobs;
    this.#translate = translate;
  }

  /** Returns the prompt. */
  async addControl({ controlDir }: AttemptOrder): Promise<string> {
    const found =
      regularFilesBelow(controlDir, MAX_FILES, (name) => !givenOfControl.test(name)) ?? [];
    for (const one of found) await this.#add(one, controlDir, true);
    const read = readForeign(path.join(controlDir, 'prompt.md'), { maxBytes: MAX_BLOB_BYTES });
    return read.ok ? read.bytes.toString('utf8') : '';
  }

  /** All that was staged; of that, marked is what was written for this very attempt. */
  async addAttempt({ attemptDir, controlDir }: AttemptOrder): Promise<void> {
    const guidance = guidanceIn(path.join(controlDir, 'manifest.json'));
    const found = regularFilesBelow(attemptDir, MAX_FILES, (name) =>
      ['scratch', 'questions'].includes(name),
    );
    if (found === null) throw cannotTravel(`${attemptDir} holds more than ${MAX_FILES} files`);
    for (const one of found) await this.#add(one, attemptDir, guidance.has(one.path));
  }

  /** The schema of its result, where that is a file of the program as the run has it, and not staged: the prompt or the order names it. */
  async addSchema({ outputSchemaFile }: AttemptOrder, prompt: string): Promise<void> {
    const program = path.join(this.#runDir, 'program');
    const named = prompt
      .split('\n')
      .map((line) => line.slice(line.lastIndexOf(program + path.sep)));
    for (const file of new Set([...named, outputSchemaFile ?? ''])) {
      if (!file.startsWith(program + path.sep) || path.normalize(file) !== file) continue;
      const stats = lstatSync(file, { throwIfNoEntry: false });
      if (stats?.isFile() !== true) continue;
      await this.#add({ path: '', file, size: stats.size, mode: 0o600 }, program, false);
    }
  }

  /** What earlier attempts left, as far as the prompt says that it is there. */
  async addNamed({ attemptDir, remote }: AttemptOrder, prompt: string): Promise<void> {
    const attempt = path.basename(attemptDir);
    const before = String(Number(attempt) - 1).padStart(attempt.length, '0');
    const previous = path.join(path.dirname(attemptDir), before);
    if (prompt.includes(previous)) {
      for (const one of regularFilesBelow(previous, MAX_FILES, () => false) ?? []) {
        if (prompt.includes(one.file)) await this.#add(one, previous, false);
      }
    }
    if (remote?.tree === null) return;
    // Of a merge in conflict: what those were asked to do whose work meets.
    const instances = path.join(this.#runDir, 'instances');
    for (const line of prompt.split('\n')) {
      const at = line.lastIndexOf(instances);
      if (at === -1 || !line.endsWith('/prompt.md')) continue;
      const name = line.slice(at);
      const place = path.relative(instances, name).split(path.sep);
      if (place.length !== 4 || place[1] !== 'attempts' || place[0] === '..') continue;
      const stats = lstatSync(name, { throwIfNoEntry: false });
      if (stats?.isFile() !== true) continue;
      await this.#add({ path: '', file: name, size: stats.size, mode: 0o600 }, instances, false);
    }
  }

  /** What was copied into the tree, and git does not carry. */
  async addCopied({ directory, copied, folder }: RemoteTree): Promise<void> {
    const name = path.relative(folder, directory);
    for (const one of copied) await this.#addCopy(directory, name, one);
  }

  async #addCopy(top: string, name: string, relative: string): Promise<void> {
    const file = path.join(top, relative);
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink()) {
      const target = readlinkSync(file);
      const leads = path.resolve(path.dirname(file), target);
      if (path.isAbsolute(target) || !leads.startsWith(top + path.sep)) {
        const hint = 'Leave it out of "tree.copy", and have "tree.setup" make it.';
        throw cannotTravel(`${file}, which "tree.copy" names, leads out of the tree`, hint);
      }
      this.links.push({ path: path.join(name, relative), target });
    } else if (stats?.isFile()) {
      const kept = await this.#keep(file, top);
      const mode = stats.mode & 0o777;
      const place = { at: 'tree', path: path.join(name, relative), isMarked: false } as const;
      this.files.push({ ...place, mode, ...kept });
    } else if (stats?.isDirectory()) {
      const inside = filesAndLinks(file);
      if (inside === null || this.files.length + inside.length > MAX_FILES) {
        throw cannotTravel(`${file}, which "tree.copy" names, holds more than ${MAX_FILES} files`);
      }
      for (const each of inside) await this.#addCopy(top, name, path.join(relative, each));
    }
  }

  async #add({ file, mode }: FoundFile, below: string, isMarked: boolean): Promise<void> {
    const place = path.relative(this.#runDir, file).split(path.sep).join('/');
    if (this.files.some((one) => one.path === place && one.at === 'run')) return;
    const kept = isMarked ? this.#keepMarked(file, below) : await this.#keep(file, below);
    this.files.push({ at: 'run', path: place, mode, isMarked, ...kept });
  }

  async #keep(file: string, below: string): Promise<{ size: number; sha256: string }> {
    const kept = await this.#blobs.keepFile(file, { below, maxBytes: MAX_BLOB_BYTES });
    if (!kept.ok) throw cannotTravel(`${file} cannot be sent: ${kept.reason}`);
    return { size: kept.size, sha256: kept.sha256 };
  }

  #keepMarked(file: string, below: string): { size: number; sha256: string } {
    const read = readForeign(file, { below, maxBytes: MAX_MARKED_BYTES });
    if (!read.ok) throw cannotTravel(`${file} cannot be sent: ${read.reason}`);
    const marked = Buffer.from(this.#translate(read.bytes.toString('utf8')));
    const { size, sha256 } = this.#blobs.keepBytes(marked);
    return { size, sha256 };
  }
}

/** Names in a directory, to be looked at one by one. */
function filesAndLinks(directory: string): string[] | null {
  const { names, more } = someNamesIn(directory, MAX_FILES);
  return more ? null : names.sort();
}

/** What of the staged files was written for this attempt: by their paths in its directory. */
function guidanceIn(manifest: string): Set<string> {
  const read = readForeign(manifest, { maxBytes: MAX_MARKED_BYTES });
  if (!read.ok) return new Set();
  const value = parseJson(read.bytes.toString('utf8'));
  const files = isJsonObject(value) && Array.isArray(value['files']) ? value['files'] : [];
  return new Set(
    files.flatMap((file) =>
      isJsonObject(file) && file['kind'] === 'guidance' && typeof file['path'] === 'string'
        ? [file['path']]
        : [],
    ),
  );
}

/** As it is hashed: the same bytes each time. */
export function manifestBytes(value: object): Buffer {
  return Buffer.from(`${stringifyJson(value as unknown as Json, 1)}\n`);
}

export function cannotTravel(what: string, hint?: string): Refusal {
  return new Refusal('cannot-travel', `The attempt cannot go to another machine: ${what}.`, {
    hint,
  });
}
