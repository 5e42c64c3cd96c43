/** Copies files of any size in constant memory, and tells what was copied. */
import { constants, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { faultPoint } from './fault-point.ts';
import { flushFile } from './disk.ts';

const CHUNK_BYTES = 1024 * 1024;

export interface Copied {
  /** Bytes. */
  size: number;
  sha256: string;
}

/** Like `copyFile`, but `target` appears whole: a crash leaves either no new file or all of it. */
export async function copyWholeFile(source: string, target: string): Promise<Copied> {
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.copy.tmp`);
  try {
    const copied = await copyFile(source, temporary);
    faultPoint('rename', target);
    renameSync(temporary, target);
    return copied;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Copies the regular file `source` over `target`, in place. Size and hash are of the bytes that were
 * written, so that they hold even if the source changes meanwhile. A symbolic link as the last part
 * of `source` is refused, and a pipe or device is not waited for.
 */
export async function copyFile(
  source: string,
  target: string,
  options: { durable?: boolean } = {},
): Promise<Copied> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const from = await open(source, flags);
  try {
    if (!(await from.stat()).isFile()) throw new Error(`${source} is not a regular file`);
    faultPoint('write', target);
    const to = await open(target, 'w');
    try {
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      let size = 0;
      for (;;) {
        const { bytesRead } = await from.read(buffer, 0, buffer.length, null);
        if (bytesRead === 0) break;
        const chunk = buffer.subarray(0, bytesRead);
        hash.update(chunk);
        for (let written = 0; written < bytesRead;) {
          written += (await to.write(chunk, written)).bytesWritten;
        }
        size += bytesRead;
      }
      faultPoint('write', target);
      if (options.durable) flushFile(to.fd, target);
      return { size, sha256: hash.digest('hex') };
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}
