/** Opens what an agent printed. The agent can write to the directory: what lies there need be no file. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';

/** A descriptor for reading; null where there is no such file. A link is not followed, a pipe not waited for. */
export function openOutput(file: string): number | null {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ENOTDIR: the worker put a file where its attempt directory was. ELOOP: a link. ENXIO: a socket.
    if (code !== undefined && ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(code)) return null;
    throw error;
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  return null;
}
