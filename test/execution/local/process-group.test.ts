/** What is told of a process group, also where nobody can look at the table of processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { groupLives, groupLivesWith } from '../../../src/execution/local/process-group.ts';
import { canLimitDescriptors, withoutDescriptors } from '../../support/descriptors.ts';

describe('a process group', () => {
  it('lives until all of it has ended', async () => {
    const child = sleeper();
    expect(groupLives(child.pid)).toBe(true);
    await child.end();
    expect(groupLives(child.pid)).toBe(false);
  });

  it.runIf(canLimitDescriptors)(
    'is not taken for ended by who has no descriptor left to look',
    () => {
      const child = sleeper();
      const [lives, livesWith] = withoutDescriptors(() => [
        groupLives(child.pid),
        groupLivesWith(child.pid, 'A=b'),
      ]);
      expect([lives, livesWith]).toEqual([true, true]);
      expect(groupLivesWith(child.pid, 'A=b')).toBe(false);
    },
  );
});

function sleeper(): { pid: number; end: () => Promise<unknown> } {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    end: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
