/** Puts files into an attempt's `context/` and keeps the list that becomes the manifest. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { stringifyJson, type Json } from '../../model/json.ts';
import { copyFile, type Copied } from '../../disk/copy-file.ts';
import { makeDirectory, remove, writeFile } from '../../disk/disk.ts';
import { sha256 } from '../../disk/sha256.ts';
import { contentType } from './content-type.ts';
import type { StagedFile, StagedFileKind } from './stage-request.ts';

export interface Origin {
  source: string;
  kind: StagedFileKind;
}

export class StagedFiles {
  readonly files: StagedFile[] = [];
  readonly #attemptDir: string;
  /** Lower-cased: some file systems take `Key` and `key` for one name. */
  readonly #taken = new Set<string>();

  constructor(attemptDir: string) {
    this.#attemptDir = attemptDir;
  }

  /** The file staged for `source`, if there is one. */
  find(source: string): StagedFile | undefined {
    return this.files.find((file) => file.source === source);
  }

  write(relative: string, content: string | Uint8Array, origin: Origin): StagedFile {
    const free = this.#free(relative);
    const target = this.#prepare(free);
    const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
    writeFile(target, bytes);
    return this.#add(free, origin, { size: bytes.length, sha256: sha256(bytes) });
  }

  writeJson(relative: string, content: Json, origin: Origin): StagedFile {
    return this.write(relative, `${stringifyJson(content, 2)}\n`, origin);
  }

  /**
   * Copies a file that must be what was recorded of it; says why where it is not, and leaves no copy then.
   * What is checked is what was copied: the file may change at any moment.
   */
  async copyRecorded(
    from: string,
    relative: string,
    origin: Origin,
    recorded: { size: number; sha256: string },
  ): Promise<{ ok: true; file: StagedFile } | { ok: false; reason: string }> {
    const free = this.#free(relative);
    const target = this.#prepare(free);
    const copied = await copyUnlessSpoilt(from, target);
    if (typeof copied !== 'string' && copied.sha256 === recorded.sha256) {
      return { ok: true, file: this.#add(free, origin, copied) };
    }
    remove(target);
    return {
      ok: false,
      reason: typeof copied === 'string' ? copied : difference(copied, recorded),
    };
  }

  #free(relative: string): string {
    if (!this.#taken.has(relative.toLowerCase())) return relative;
    const { dir, name, ext } = path.posix.parse(relative);
    return path.posix.join(dir, `${name}~${sha256(relative).slice(0, 8)}${ext}`);
  }

  #prepare(relative: string): string {
    const target = path.join(this.#attemptDir, ...relative.split('/'));
    makeDirectory(path.dirname(target));
    this.#taken.add(relative.toLowerCase());
    return target;
  }

  #add(relative: string, origin: Origin, stats: { size: number; sha256: string }): StagedFile {
    const file = path.join(this.#attemptDir, relative);
    const staged = { path: relative, ...origin, content_type: contentType(file), ...stats };
    this.files.push(staged);
    return staged;
  }
}

/** A copy, or why there is nothing to copy. Errors of the copy itself are thrown. */
async function copyUnlessSpoilt(from: string, target: string): Promise<Copied | string> {
  try {
    const stats = lstatSync(from);
    if (stats.isSymbolicLink()) return 'it is a symbolic link now';
    if (stats.isDirectory()) return 'it is a directory now';
    if (!stats.isFile()) return 'it is no regular file now';
    return await copyFile(from, target);
  } catch (error) {
    const { code, path: file, message } = error as NodeJS.ErrnoException;
    if (file !== from) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'it is missing';
    return `it cannot be read: ${message}`;
  }
}

function difference(found: Copied, recorded: { size: number; sha256: string }): string {
  if (found.size !== recorded.size) {
    return `it has ${found.size} bytes, and had ${recorded.size}`;
  }
  return `its SHA-256 is ${found.sha256}, and was ${recorded.sha256}`;
}
