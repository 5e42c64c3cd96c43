/**
 * An engine in a process of its own, for tests that kill it: starts the attempt of the launch in
 * argv[2], says so, and supervises until it is killed. With `recover` as argv[3] it recovers instead.
 */
import { readFileSync } from 'node:fs';
import type { AgentLaunch } from '../../../src/model/attempt.ts';
import { recoverAttempt } from '../../../src/execution/local/start.ts';
import { startAttempt } from './start.ts';

const launch = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as AgentLaunch;

if (process.argv[3] === 'recover') {
  const recovery = recoverAttempt(launch);
  process.stdout.write(`${recovery.kind}\n`);
  if (recovery.kind !== 'never_started') {
    const end = await recovery.process.ended;
    process.stdout.write(`${JSON.stringify(end)}\n`);
  }
} else {
  const attempt = await startAttempt(launch);
  process.stdout.write(`started ${attempt.pid}\n`);
  if (process.argv[3] === 'detach') {
    attempt.detach(); // and nothing keeps this process any more
  } else {
    await attempt.ended;
  }
}
