/** Bodies of requests, from whoever sends them: bounded in bytes, and in the time that so many bytes may take. */
import { createHash } from 'node:crypto';
import { closeSync, renameSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import { createForWriting, makeDirectory, temporaryName, writeAll } from '../../../disk/disk.ts';
import { Stopwatch } from '../../local/stopwatch.ts';

/** What is wrong with a request, as its answer says it. */
export class BadRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Until the first byte, and between two. */
const SILENCE_MS = 20_000;
/** What a body may take beyond that at this rate: slower is no network, but somebody who holds us. */
const SLOWEST_BYTES_PER_MS = 8;

async function eachPart(
  request: IncomingMessage,
  maxBytes: number,
  take: (chunk: Buffer) => void,
): Promise<void> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const begun = new Stopwatch();
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(timer);
    timer = setTimeout(
      () => request.destroy(new BadRequest(408, 'the body is too slow')),
      SILENCE_MS,
    );
  };
  wait();
  try {
    for await (const part of request) {
      const chunk = part as Buffer;
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      if (begun.elapsedMs() > SILENCE_MS + size / SLOWEST_BYTES_PER_MS) {
        throw new BadRequest(408, 'the body is too slow');
      }
      take(chunk);
      wait();
    }
  } finally {
    clearTimeout(timer);
  }
}

/** @throws BadRequest */
export async function wholeBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  await eachPart(request, maxBytes, (chunk) => parts.push(chunk));
  return Buffer.concat(parts);
}

/** Puts a body into a file that appears whole, or not at all. @throws BadRequest where it is not what its name says */
export async function bodyToFile(
  request: IncomingMessage,
  file: string,
  { sha256, maxBytes }: { sha256: string; maxBytes: number },
): Promise<void> {
  makeDirectory(path.dirname(file));
  const temporary = temporaryName(file);
  const hash = createHash('sha256');
  const fd = createForWriting(temporary);
  try {
    try {
      await eachPart(request, maxBytes, (chunk) => {
        hash.update(chunk);
        writeAll(fd, chunk);
      });
    } finally {
      closeSync(fd);
    }
    const found = hash.digest('hex');
    if (found !== sha256) {
      throw new BadRequest(422, `the body has the SHA-256 ${found}, and ${sha256} was named`);
    }
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function tooLarge(maxBytes: number): BadRequest {
  return new BadRequest(413, `at most ${maxBytes} bytes are taken`);
}
