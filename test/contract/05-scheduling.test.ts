/** Section 5 of the contract: when a task starts, and what a failure holds back. */
import { describe, expect, it } from 'vitest';
import { after, instancesOf, orch, program, show, statuses } from './shell-program.ts';

describe('5. Scheduling', () => {
  it('starts a dependent the moment it can, and keeps to the slots', async () => {
    program(
      {
        quick: { run: ':' },
        follower: { run: 'touch followed', depends_on: after('quick') },
        slow: { run: 'until [ -e followed ]; do sleep 0.02; done' },
      },
      { max_concurrency: 2 },
    );
    const words = ['--root', 'slow', '--root', 'follower'];
    expect((await orch('run', 'start', ...words)).code).toBe(0);
  });

  it('skips below a failure, goes on beside it, and says both', async () => {
    program({
      bad: { run: 'echo "error: the moon is in the way" >&2; exit 3' },
      below: { run: ':', depends_on: after('bad') },
      lower: { run: ':', depends_on: after('below') },
      beside: { run: ':' },
    });
    const ended = await orch('run', 'start', '--root', 'lower', '--root', 'beside');
    expect(ended.code).toBe(1);
    const run = await show();
    expect(run.status).toBe('failed');
    expect(statuses(run)).toEqual(['bad failed', 'below skipped', 'beside done', 'lower skipped']);
    const [bad] = instancesOf(run, 'bad');
    expect(bad).toMatchObject({ failure_kind: 'task_runtime', termination_reason: 'nonzero_exit' });
    expect(bad!.error).toContain('the moon is in the way');
    const explained = await orch('run', 'explain', 'latest');
    expect(explained.stdout).toContain('run retry-instance');
  });
});
