/** A folder of blobs: each is called by its own SHA-256, so that a name holds one content whoever writes it. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, temporaryName, writeFile } from '../../../disk/disk.ts';
import { faultPoint } from '../../../disk/fault-point.ts';
import { copyForeign, hashForeign, type ForeignTrouble } from '../../../disk/foreign-file.ts';
import { sha256 } from '../../../disk/sha256.ts';
import type { Blob } from './manifest.ts';

export interface Kept extends Blob {
  ok: true;
}

export class BlobFolder {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** @throws TypeError for what is no hash: it may come from others */
  file(hash: string): string {
    if (!/^[0-9a-f]{64}$/.test(hash)) throw new TypeError('a blob is called by its SHA-256');
    return path.join(this.directory, hash);
  }

  has(hash: string): boolean {
    return existsSync(this.file(hash));
  }

  /** What is copied is what is hashed, whatever becomes of the file meanwhile. `below`: as for `openForeign`. */
  async keepFile(
    file: string,
    { below, maxBytes }: { below?: string; maxBytes: number },
  ): Promise<Kept | ForeignTrouble> {
    const place = below === undefined ? {} : { below };
    // Mostly it is here already, and hashing it costs less than writing it.
    const hashed = await hashForeign(file, { ...place, maxBytes });
    if (!hashed.ok || this.has(hashed.sha256)) return hashed;
    makeDirectory(this.directory);
    const temporary = temporaryName(path.join(this.directory, 'blob'));
    try {
      const copied = await copyForeign(file, temporary, { ...place, maxBytes });
      if (copied.ok) this.#settle(temporary, copied.sha256);
      return copied;
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  keepBytes(bytes: Uint8Array): Kept {
    const hash = sha256(bytes);
    if (!this.has(hash)) {
      makeDirectory(this.directory);
      const temporary = temporaryName(path.join(this.directory, 'blob'));
      writeFile(temporary, bytes);
      this.#settle(temporary, hash);
    }
    return { ok: true, size: bytes.length, sha256: hash };
  }

  #settle(temporary: string, hash: string): void {
    const file = this.file(hash);
    faultPoint('rename', file);
    renameSync(temporary, file);
  }
}
