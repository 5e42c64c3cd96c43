/**
 * Takes a lock of the user again and again, as an engine does. While it has it, or an attempt of it has, a mark names
 * the process that is inside; who finds the mark of one that lives has found two holders. Now and then it dies with the
 * lock, or leaves it to an attempt. Arguments: the directory of the user, that of the marks, rounds.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Holds } from '../../src/attempt/hold/holds.ts';
import { identityOf } from '../../src/processes/identity.ts';

const [, , globalRoot = '', marks = '', rounds = '0'] = process.argv;
const mark = path.join(marks, 'inside');
const idle = new Int32Array(new SharedArrayBuffer(4));
const pause = (mostMs: number) => void Atomics.wait(idle, 0, 0, Math.random() * mostMs);
const lock = { name: 'x', scope: 'user', slots: 1 } as const;
const holds = new Holds({ globalRoot, now: () => new Date().toISOString() });

let taken = 0;
for (let tries = 0; taken < Number(rounds); tries += 1) {
  const id = `${process.pid}-${tries}`;
  const directory = path.join(marks, id);
  const holder = {
    ...{ program_dir: marks, run_id: 'r', instance_id: id, attempt: 1 },
    ...{ attempt_dir: directory, control_dir: `${directory}.control` },
  };
  if (!holds.takeLocks(holder, [lock])) {
    pause(3);
    continue;
  }
  taken += 1;
  enter(process.pid);
  pause(2);
  const fate = Math.random();
  if (fate < 0.03) process.kill(process.pid, 'SIGKILL');
  if (fate < 0.08) {
    leaveToAttempt(holder.control_dir, directory);
    process.kill(process.pid, 'SIGKILL');
  }
  rmSync(mark);
  holds.release(id);
}
process.stdout.write(`${taken}`);

function enter(pid: number): void {
  try {
    const inside = Number(readFileSync(mark, 'utf8'));
    if (inside > 0 && identityOf(inside) !== null)
      throw new Error(`two holders: ${inside}, ${pid}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  writeFileSync(mark, String(pid));
}

/**
 * As the wrapper of an attempt does: it says who it is, then claims, then works. It waits for the death of whoever leaves the
 * lock to it: on a busy machine it would be over before anybody could say who it was.
 */
function leaveToAttempt(controlDir: string, attemptDir: string): void {
  mkdirSync(controlDir);
  const env = { ...process.env, CODEX_ORCH_ATTEMPT_DIR: attemptDir };
  const child = spawn('sh', ['-c', 'read -r _; exec sleep 0.1'], {
    ...{ detached: true, env },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const pid = child.pid ?? 0;
  const identity = identityOf(pid);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').trim();
  const lines = [pid, stat, identity?.bootId, identity?.pidNamespace, identity?.host, ''];
  writeFileSync(path.join(controlDir, 'agent-0'), lines.join('\n'));
  writeFileSync(path.join(controlDir, 'claim-0'), 'run\n');
  writeFileSync(mark, String(pid));
}
