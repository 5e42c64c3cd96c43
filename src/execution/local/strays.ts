/**
 * Ends what an agent has started in sessions of their own: the process group of the attempt does not hold them, and a
 * signal to it does not reach them. They are known by the attempt in their environment. Linux only.
 */
import { environmentOf, groupIdOf, processTable } from './process-group.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { Stopwatch } from './stopwatch.ts';

/** Between asking and killing: nobody is left who could tell them to finish. */
const ASKED_MS = 500;
const POLL_MS = 20;

/** To be called once the group of the attempt is gone. */
export async function endStrays(order: Pick<AttemptOrder, 'attemptDir' | 'env'>): Promise<void> {
  const attemptDir = order.env['CODEX_ORCH_ATTEMPT_DIR'] ?? order.attemptDir;
  const entry = `CODEX_ORCH_ATTEMPT_DIR=${attemptDir}`;
  let strays = straysWith(entry);
  for (const pid of strays) signal(pid, 'SIGTERM');
  const asked = new Stopwatch();
  while (strays.length > 0 && asked.elapsedMs() < ASKED_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    strays = straysWith(entry);
  }
  for (const pid of strays) signal(pid, 'SIGKILL');
}

/** Never of our own group: an engine may run in an attempt of another. */
function straysWith(entry: string): number[] {
  if (process.platform !== 'linux') return [];
  const own = groupIdOf(process.pid);
  return (processTable() ?? []).flatMap((pid) => {
    if (pid <= 1) return [];
    if (!environmentOf(pid).includes(entry)) return [];
    const group = groupIdOf(pid);
    return group === null || group === own ? [] : [pid];
  });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone.
  }
}
