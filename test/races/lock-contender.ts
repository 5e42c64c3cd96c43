/**
 * Takes a lock of the user again and again, as an engine does. While it has it, or an attempt of it has, a mark is named
 * after the process that is inside; who finds as many marks of others that live as the lock has slots has found one holder
 * too many. Now and then it dies with the lock, or leaves it to an attempt. Arguments: the directory of the user, that of
 * the marks, how often, slots. The file `taken` beside the marks grows by a byte each time.
 */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Holds } from '../../src/attempt/hold/holds.ts';
import { identityOf } from '../../src/processes/identity.ts';

const [, , globalRoot = '', marks = '', most = '0', slots = '1'] = process.argv;
const markOf = (pid: number): string => path.join(marks, `inside-${pid}`);
const idle = new Int32Array(new SharedArrayBuffer(4));
const pause = (mostMs: number) => void Atomics.wait(idle, 0, 0, Math.random() * mostMs);
const lock = { name: 'x', scope: 'user', slots: Number(slots) } as const;
const holds = new Holds({ globalRoot, now: () => new Date().toISOString() });

let taken = 0;
for (let tries = 0; taken < Number(most); tries += 1) {
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
  enter();
  pause(2);
  const fate = Math.random();
  if (fate < 0.03) process.kill(process.pid, 'SIGKILL');
  if (fate < 0.08) {
    leaveToAttempt(holder.control_dir, directory);
    process.kill(process.pid, 'SIGKILL');
  }
  rmSync(markOf(process.pid));
  holds.release(id);
}

function enter(): void {
  const others = readdirSync(marks).flatMap((name) => {
    const pid = Number(/^inside-(\d+)$/.exec(name)?.[1] ?? 0);
    if (pid === 0) return [];
    if (identityOf(pid) !== null) return [pid];
    rmSync(markOf(pid), { force: true });
    return [];
  });
  if (others.length >= lock.slots) {
    throw new Error(`one holder too many: ${others.join(', ')}, ${process.pid}`);
  }
  writeFileSync(markOf(process.pid), '');
  appendFileSync(path.join(marks, 'taken'), '.');
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
  // At one stroke: never are there two marks of one hold.
  renameSync(markOf(process.pid), markOf(pid));
}
