/**
 * Takes a run's lock again and again, and adds one to a file while holding it: reading, waiting a moment,
 * writing. Any overlap of two holders loses an increment. Arguments: program, run, rounds, a file in
 * which each holder leaves a mark while it holds the lock. Some holders die without releasing it.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { runPaths } from '../../../src/store/layout.ts';
import { acquireRunLock } from '../../../src/store/lock/run-lock.ts';

const [, , program = '', runId = '', rounds = '0', counter = ''] = process.argv;
const paths = runPaths(program, runId);
const mark = `${counter}.held`;

const idle = new Int32Array(new SharedArrayBuffer(4));
let done = 0;
let refused = 0;
while (done < Number(rounds)) {
  const claim = acquireRunLock(paths, { command: 'contend', now: () => new Date().toISOString() });
  if (!claim.ok) {
    refused += 1;
    // Waits for a random moment, lest the contenders starve the holder of the few cores there are.
    Atomics.wait(idle, 0, 0, Math.random());
    continue;
  }
  if (existsSync(mark)) throw new Error('two holders at once');
  writeFileSync(mark, String(process.pid));
  const value = Number(readFileSync(counter, 'utf8'));
  for (let i = 0; i < 2000; i += 1) Math.sqrt(i);
  writeFileSync(counter, String(value + 1));
  rmSync(mark);
  done += 1;
  if (process.argv[6] === 'die' && done === Number(rounds)) process.kill(process.pid, 'SIGKILL');
  claim.lock.release();
}
process.stdout.write(JSON.stringify({ done, refused }));
