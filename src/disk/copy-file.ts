/** Copies files of any size in constant memory, and tells what was copied. */
import { closeSync, constants, fstatSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { setImmediate as othersTurn } from 'node:timers/promises';
import path from 'node:path';
import { faultPoint } from './fault-point.ts';
import { flushFile, writeAll } from './disk.ts';

const CHUNK_BYTES = 256 * 1024;

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
 *
 * Synchronous chunk by chunk, because nearly all copies are small: queueing each step of them to
 * another thread cost five times the copy, and a large buffer for each kept the collector busy.
 */
export async function copyFile(
  source: string,
  target: string,
  options: { durable?: boolean } = {},
): Promise<Copied> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const from = openSync(source, flags);
  try {
    const stat = fstatSync(from);
    if (!stat.isFile()) throw new Error(`${source} is not a regular file`);
    faultPoint('write', target);
    const to = openSync(target, 'w');
    try {
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, stat.size + 1));
      let size = 0;
      for (;;) {
        const bytesRead = readSync(from, buffer);
        if (bytesRead === 0) break;
        const chunk = buffer.subarray(0, bytesRead);
        hash.update(chunk);
        writeAll(to, chunk);
        size += bytesRead;
        if (size >= CHUNK_BYTES) await othersTurn();
      }
      faultPoint('write', target);
      if (options.durable) flushFile(to, target);
      return { size, sha256: hash.digest('hex') };
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
}
