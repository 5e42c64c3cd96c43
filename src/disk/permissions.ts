/** Takes from others what was made before new runs were their owner's alone. */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
} from 'node:fs';
import path from 'node:path';

const OTHERS = 0o077;
const SET_GROUP_ID = 0o2000;

/** Whether others than its owner may look into a directory that does not hand its group on. */
export function isOpenToOthers(directory: string): boolean {
  const stats = lstatSync(directory, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return false;
  return (stats.mode & SET_GROUP_ID) === 0 && (stats.mode & OTHERS) !== 0;
}

/** Takes it from them, and from all that lies below; what is not ours to change is passed over. No link is followed. */
export function closeToOthers(directory: string): void {
  // The directory first: from then on nobody else can get at the rest.
  if (!close(directory)) return;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const place = path.join(directory, entry.name);
    if (entry.isDirectory()) closeToOthers(place);
    else if (entry.isFile()) close(place);
  }
}

function close(place: string): boolean {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number;
  try {
    fd = openSync(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const { mode } = fstatSync(fd);
    if ((mode & OTHERS) !== 0) fchmodSync(fd, mode & 0o7777 & ~OTHERS);
    return true;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}
