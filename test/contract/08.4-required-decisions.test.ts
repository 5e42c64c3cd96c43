/** Section 8.4 of the contract: decisions that must have been asked for. */
import { describe, expect, it } from 'vitest';
import { cli, start, theOpenOne } from './questions.ts';

describe('8.4 Required decisions', () => {
  it('are met by blocking questions of any attempt', async () => {
    const run = await start('decides');
    for (const text of ['Good.', 'Fence.']) {
      const { interrupt } = await theOpenOne(run);
      await cli('inbox', 'reply', interrupt.interrupt_id, '--text', text, '--resume');
    }
    expect(run.only()).toMatchObject({ status: 'done', attempt: 3 });
  });

  it('are not met by one that does not block', async () => {
    const run = await start('decides_not');
    expect(run.ended.code).toBe(1);
    expect(run.only()).toMatchObject({ status: 'failed', failure_kind: 'decision_obligation' });
    expect(run.only().error).toContain('review (audience human: release)');
  });
});
