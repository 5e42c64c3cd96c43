/** Puts files into an attempt's `context/` and keeps the list that becomes the manifest. */
import path from 'node:path';
import type { Json } from '../../model/json.ts';
import { copyFile } from '../../disk/copy-file.ts';
import { makeDirectory, writeFile } from '../../disk/disk.ts';
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
    return this.write(relative, `${JSON.stringify(content, null, 2)}\n`, origin);
  }

  async copy(from: string, relative: string, origin: Origin): Promise<StagedFile> {
    const free = this.#free(relative);
    return this.#add(free, origin, await copyFile(from, this.#prepare(free)));
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
