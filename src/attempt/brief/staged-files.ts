/** Puts files into an attempt's `context/` and keeps the list that becomes the manifest. */
import path from 'node:path';
import { stringifyJson, type Json } from '../../model/json.ts';
import { copyForeign, type Copied } from '../../disk/foreign-file.ts';
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
   * What is checked is what was copied: the file may change at any moment. `below`: as for `openForeign`.
   */
  async copyRecorded(
    from: string,
    relative: string,
    origin: Origin,
    recorded: { size: number; sha256: string },
    below: string,
  ): Promise<{ ok: true; file: StagedFile } | { ok: false; reason: string }> {
    const free = this.#free(relative);
    const target = this.#prepare(free);
    // Not a byte more is copied than was recorded, and one to see that there are more.
    const copied = await copyForeign(from, target, { below, maxBytes: recorded.size });
    if (copied.ok && copied.sha256 === recorded.sha256) {
      const { size, sha256: hash } = copied;
      return { ok: true, file: this.#add(free, origin, { size, sha256: hash }) };
    }
    remove(target);
    if (copied.ok) return { ok: false, reason: difference(copied, recorded) };
    return { ok: false, reason: copied.code === 'missing' ? 'it is missing' : copied.reason };
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

function difference(found: Copied, recorded: { size: number; sha256: string }): string {
  if (found.size !== recorded.size) {
    return `it has ${found.size} bytes, and had ${recorded.size}`;
  }
  return `its SHA-256 is ${found.sha256}, and was ${recorded.sha256}`;
}
