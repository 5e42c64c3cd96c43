/**
 * An engine in a process of its own, for tests that kill it: starts the attempt of the order in
 * argv[2], says so, and supervises until it is killed; USR2 brings it to its wall limit. With `recover` as argv[3] it
 * recovers instead.
 */
import { readFileSync } from 'node:fs';
import type { AttemptOrder } from '../../../src/model/attempt.ts';
import { findAttempt, startAttempt } from './start.ts';

const order = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as AttemptOrder;

if (process.argv[3] === 'recover') {
  const found = await findAttempt(order);
  process.stdout.write(`${found.kind}\n`);
  if (found.kind !== 'never_started') {
    const end = await found.handle.ended;
    process.stdout.write(`${JSON.stringify(end)}\n`);
  }
} else {
  const attempt = await startAttempt(order);
  process.on('SIGUSR2', () => attempt.limitWall(1));
  process.stdout.write('started\n');
  if (process.argv[3] === 'detach') {
    attempt.detach(); // and nothing keeps this process any more
  } else {
    await attempt.ended;
  }
}
