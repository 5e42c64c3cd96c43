/**
 * Takes the place of src/disk/fault-point.ts. With COME_LATE set, every other lock file is linked only
 * after the others have moved on so far that its number has been used, released and removed again. With
 * NO_LINKS set, the file system has no hard links.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';

const idle = new Int32Array(new SharedArrayBuffer(4));
let links = 0;

export function faultPoint(step: string, target: string): void {
  if (process.env['NO_LINKS'] !== undefined && step === 'link') {
    throw Object.assign(new Error('EPERM'), { code: 'EPERM', syscall: 'link' });
  }
  if (process.env['COME_LATE'] === undefined || step !== 'link') return;
  links += 1;
  if (links % 2 === 0) return;
  const own = Number(path.basename(target).slice(0, 8));
  // The others may be done by then: wait no longer than they could take.
  for (const until = Date.now() + 300; Date.now() < until; Atomics.wait(idle, 0, 0, 2)) {
    const numbers = readdirSync(path.dirname(target)).map((name) => Number(name.slice(0, 8)));
    if (numbers.some((number) => number > own) && !numbers.includes(own)) return;
  }
}
