/**
 * The few ways in which this program changes the disk. Small files are written synchronously: the
 * engine has one thread, the files are small, and a synchronous write costs a tenth of a queued one.
 *
 * Durability: `replaceFile` gives readers either the old or the new content, never a mixture; with
 * `durable` it survives a power cut too. The temporary file stands in the target's own directory,
 * because a rename across mounts fails, and inside an agent's sandbox every root is a mount.
 *
 * Who may read: what a run leaves is its owner's alone (files 0600, directories 0700), unless the directory hands its
 * group on (setgid), as those do that a team shares; then the group may, too. A stricter umask is kept. What
 * people author is `shared`: as their umask has it.
 *
 * No name is opened for writing through a link: what lies there may be somebody else's doing.
 */
import { stringifyJson } from '../model/json.ts';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { chmod, cp, lstat, readdir, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { faultPoint } from './fault-point.ts';

export interface WriteOptions {
  /** Flush file and directory to the device before returning. */
  durable?: boolean;
  /** For what people author, and others may read. */
  shared?: boolean;
  /** For what can be run. */
  executable?: boolean;
  /** For `createFile`. */
  neverEmpty?: boolean;
  /** For `createFile`: a reader may find it half written, which costs half as much. */
  inPlace?: boolean;
  /** The file whose place it takes: its permissions stay, and its owner where we may give files away. */
  inPlaceOf?: Pick<Stats, 'mode' | 'uid' | 'gid'>;
}

/** Writes a whole file under a temporary name, then moves it over `file`. */
export function replaceFile(
  file: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): void {
  const temporary = writeTemporary(file, data, options);
  try {
    faultPoint('rename', file);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (options.durable) flushDirectory(path.dirname(file));
}

/**
 * Writes a whole file only where none is. Returns false, and changes nothing, if `file` exists.
 * Exclusive even between processes: the file appears whole, by a hard link. On a file system that has none it is
 * empty for a moment, unless `neverEmpty`: then that is an error of `link`.
 */
export function createFile(
  file: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): boolean {
  if (options.inPlace === true) return createInPlace(file, data, options);
  const temporary = writeTemporary(file, data, options);
  try {
    faultPoint('link', file);
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    if (options.neverEmpty === true || !lacksLinks(error)) throw error;
    return createByRename(temporary, file, options);
  } finally {
    faultPoint('remove', temporary);
    removeIfThere(temporary);
  }
  if (options.durable) flushDirectory(path.dirname(file));
  return true;
}

function createInPlace(file: string, data: string | Uint8Array, options: WriteOptions): boolean {
  faultPoint('write', file);
  let fd: number;
  try {
    fd = openSync(file, 'wx', fileMode(path.dirname(file), options));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    faultPoint('write', file, () => writeAll(fd, halfOf(data)));
    if (data.length > 0) writeAll(fd, data);
  } catch (error) {
    removeIfThere(file);
    throw error;
  } finally {
    closeSync(fd);
  }
  return true;
}

/** Without hard links: an empty file that nobody else can make holds the name until the whole one takes its place. */
function createByRename(temporary: string, file: string, options: WriteOptions): boolean {
  try {
    closeSync(openSync(file, 'wx', fileMode(path.dirname(file), options)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  faultPoint('rename', file);
  renameSync(temporary, file);
  if (options.durable) flushDirectory(path.dirname(file));
  return true;
}

/** What link(2) and symlink(2) say on FAT, exFAT, many network and FUSE file systems; EPERM may mean a permission too. */
export function lacksLinks(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const codes = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EMLINK'];
  return (syscall === 'link' || syscall === 'symlink') && codes.includes(code ?? '');
}

/**
 * Makes a folder with one file in it, whole and only where none is: false, and nothing changed, where there
 * is one. For file systems without hard links, where `createFile` cannot.
 */
export function createFolder(
  folder: string,
  name: string,
  data: string | Uint8Array,
  options: Pick<WriteOptions, 'shared'> = {},
): boolean {
  const temporary = temporaryName(folder);
  faultPoint('mkdir', temporary);
  mkdirSync(
    temporary,
    options.shared === true ? 0o777 : directoryMode(wayTo(path.dirname(temporary)).stats),
  );
  try {
    writeFile(path.join(temporary, name), data, options);
    faultPoint('rename', folder);
    // Of a folder that is there, rename(2) replaces an empty one only.
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    const codes = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'];
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
  return true;
}

/** How records are written to files: for people to read, and for `diff`. */
export function jsonFile(value: unknown): string {
  return `${stringifyJson(value, 2)}\n`;
}

/** Writes in place. For files that nobody reads before they are whole, such as those of a new attempt. */
export function writeFile(
  file: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): void {
  faultPoint('write', file);
  const fd = createForWriting(file, options);
  try {
    faultPoint('write', file, () => writeAll(fd, halfOf(data)));
    writeAll(fd, data);
    if (options.durable) flushFile(fd, file);
  } finally {
    closeSync(fd);
  }
}

/** Opens a file for writing, emptied if it is there; never one that a link leads to, nor a pipe. */
export function createForWriting(file: string, options: WriteOptions = {}): number {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants;
  const flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK;
  return openSync(file, flags, fileMode(path.dirname(file), options));
}

/**
 * Appends what a file does not have yet: `offset` is where these bytes begin in it. Nothing where that is beyond its end.
 * Returns its size then, bytes. Never through a link.
 */
export function appendFrom(file: string, offset: number, bytes: Uint8Array): number {
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;
  const flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
  faultPoint('append', file);
  const fd = openSync(file, flags, fileMode(path.dirname(file), {}));
  try {
    const { size } = fstatSync(fd);
    if (offset > size || offset + bytes.length <= size) return size;
    const rest = bytes.subarray(size - offset);
    faultPoint('append', file, () => writeAll(fd, halfOf(rest)));
    writeAll(fd, rest);
    return size + rest.length;
  } finally {
    closeSync(fd);
  }
}

/** Creates a directory and its parents. False, and nothing done, where it is. */
export function makeDirectory(
  directory: string,
  options: Pick<WriteOptions, 'shared'> = {},
): boolean {
  faultPoint('mkdir', directory);
  // From the one that is there on: Node's own way tries each from the other end.
  const { existing, stats, missing } = wayTo(directory);
  if (missing.length === 0 && stats.isDirectory()) return false;
  refuseGoneRun(directory, existing);
  const mode = options.shared === true ? 0o777 : directoryMode(stats);
  const made = missing.map((each) => makeMissing(each, mode));
  return made.length === 0 ? makeMissing(directory, mode) : made.includes(true);
}

/** False where another is there meanwhile. */
function makeMissing(directory: string, mode: number): boolean {
  try {
    mkdirSync(directory, mode);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(directory).isDirectory()) return false;
    throw error;
  }
}

/**
 * A run that was removed or renamed under its engine must not come up again under its old name, with nothing in it.
 * `existing`: the deepest directory on the way that is there.
 */
function refuseGoneRun(directory: string, existing: string): void {
  const [, root] = /^(.*[/\\]\.runs[/\\][^/\\]+)[/\\]/.exec(directory) ?? [];
  if (root === undefined || existing.length >= root.length) return;
  const gone = new Error(`ENOENT: no such file or directory, mkdir '${directory}'`);
  throw Object.assign(gone, { code: 'ENOENT', syscall: 'mkdir', path: directory });
}

/** As `makeDirectory`, in a directory that is there; throws where it is already. */
export function makeNewDirectory(directory: string): void {
  faultPoint('mkdir', directory);
  mkdirSync(directory, directoryMode(wayTo(path.dirname(directory)).stats));
}

/** Gives a file another name in its directory; one that has that name already is replaced. */
export function renameFile(from: string, to: string): void {
  faultPoint('rename', to);
  renameSync(from, to);
}

/**
 * Makes a symbolic link. `target`: as it is to stand in the link. Throws where something has its name; false where the
 * file system has no such links.
 */
export function linkTo(target: string, link: string): boolean {
  faultPoint('link', link);
  try {
    symlinkSync(target, link);
    return true;
  } catch (error) {
    if (!lacksLinks(error)) throw error;
    return false;
  }
}

/** Removes a file, a link, or an empty directory. Throws where that is not there. */
export function removeFile(target: string): void {
  faultPoint('remove', target);
  try {
    unlinkSync(target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EISDIR' && code !== 'EPERM') throw error;
    rmdirSync(target);
  }
}

/** Removes a file or a tree; does nothing where there is none. */
export function remove(target: string): void {
  faultPoint('remove', target);
  // Asked first: what is not there is an exception, with its stack, in Node's own way.
  const stats = lstatSync(target, { throwIfNoEntry: false });
  if (stats?.isDirectory()) rmSync(target, { recursive: true, force: true });
  else if (stats !== undefined) removeIfThere(target);
}

function removeIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/**
 * As `remove`, of a tree that may be large, and closed even to its owner (caches of packages are). It is not found
 * under its name any more before the first of it goes.
 */
export async function removeTree(target: string): Promise<void> {
  const gone = temporaryName(target);
  renameFile(target, gone);
  faultPoint('remove', gone);
  try {
    await rm(gone, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await openDirectories(gone);
    await rm(gone, { recursive: true, force: true });
  }
}

async function openDirectories(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await openDirectories(path.join(directory, entry.name));
  }
}

/** Copies a file or all below a directory, with modes and times; links as they stand, and no sockets or pipes. */
export async function copyTree(from: string, to: string): Promise<void> {
  faultPoint('write', to);
  await cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    // Where the file system can, a copy that takes no room.
    mode: constants.COPYFILE_FICLONE,
    async filter(source) {
      const stats = await lstat(source);
      return stats.isFile() || stats.isDirectory() || stats.isSymbolicLink();
    },
  });
}

export function flushFile(fd: number, file: string): void {
  faultPoint('flush', file);
  fsyncSync(fd);
}

/**
 * Makes a rename or a new name in `directory` durable; false where the file system has no way to (`doctor` says so):
 * then a power cut may take a name away that was just made.
 */
export function flushDirectory(directory: string): boolean {
  faultPoint('flush', directory);
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
    return true;
  } catch (error) {
    const codes = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EBADF'];
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** What the file system of a directory may lack of what runs rely on. */
export type Lack = 'hard links' | 'symbolic links' | 'flushes of directories';

/** What the file system of a directory lacks of what runs rely on. Leaves nothing behind. */
export function lacksOf(directory: string): Lack[] {
  const probe = temporaryName(path.join(directory, 'probe'));
  const linked = `${probe}.link`;
  const lacks: Lack[] = [];
  try {
    if (!linkTo(probe, linked)) lacks.push('symbolic links');
    rmSync(linked, { force: true });
    writeFile(probe, '');
    linkSync(probe, linked);
  } catch (error) {
    if (!lacksLinks(error)) throw error;
    lacks.push('hard links');
  } finally {
    for (const file of [probe, linked]) rmSync(file, { force: true });
  }
  if (!flushDirectory(directory)) lacks.push('flushes of directories');
  return lacks;
}

/** Writes all of `data`: a single write may be short on a full disk. */
export function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  for (let offset = 0; offset < bytes.length;) offset += writeSync(fd, bytes, offset);
}

/** `S_ISGID`, which Node does not name. */
const SET_GROUP_ID = 0o2000;

/** For a crash in the middle of a write. */
function halfOf(data: string | Uint8Array): string | Uint8Array {
  return data.slice(0, data.length / 2);
}

function writeTemporary(file: string, data: string | Uint8Array, options: WriteOptions): string {
  const temporary = temporaryName(file);
  faultPoint('write', temporary);
  // `x`: made by this call, so that no link can have been put there.
  const fd = openSync(temporary, 'wx', fileMode(path.dirname(file), options));
  try {
    if (options.inPlaceOf) takePlace(fd, options.inPlaceOf);
    faultPoint('write', temporary, () => writeAll(fd, halfOf(data)));
    writeAll(fd, data);
    if (options.durable) flushFile(fd, temporary);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  return temporary;
}

function takePlace(fd: number, { mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>): void {
  try {
    fchownSync(fd, uid, gid);
  } catch {
    // Only root may, and the owner to a group of his.
  }
  // Last: a change of the owner takes special bits away.
  fchmodSync(fd, mode & 0o7777);
}

/** `.<name>.<pid>.<8 hex>.tmp` beside `file`; drawn, so that nobody can be there first. */
export function temporaryName(file: string): string {
  const drawn = randomUUID().slice(0, 8);
  return path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.${drawn}.tmp`);
}

/** Of a new file; the umask takes from it. */
function fileMode(directory: string, { shared, executable }: WriteOptions): number {
  const mode = shared === true ? 0o666 : isForGroup(wayTo(directory).stats) ? 0o660 : 0o600;
  // Who may read it may run it.
  return executable === true ? mode | ((mode & 0o444) >> 2) : mode;
}

/** Of a new directory in one that is there. */
function directoryMode(parent: Stats): number {
  return isForGroup(parent) ? 0o770 : 0o700;
}

/** Whether what is made in a directory belongs to the directory's group. */
function isForGroup({ mode }: Stats): boolean {
  return (mode & SET_GROUP_ID) !== 0;
}

/** The deepest directory on the way to one that is there, and those that are not, from it on. */
function wayTo(directory: string): { existing: string; stats: Stats; missing: string[] } {
  const missing: string[] = [];
  for (let existing = directory; ; existing = path.dirname(existing)) {
    const stats = statSync(existing, { throwIfNoEntry: false });
    if (stats !== undefined) return { existing, stats, missing };
    // Nothing lies above: it says why.
    if (existing === path.dirname(existing)) statSync(existing);
    missing.unshift(existing);
  }
}
