/** Section 9 of the contract: questions in loops, over an abort, over the death of an engine. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { replayLog } from '../../src/store/log/replay.ts';
import { cli, program, start, theOpenOne } from './questions.ts';

describe('9. Questions in a run that goes on', () => {
  it('hold a loop, and replay nothing', async () => {
    const run = await start('again', '--input-json', 'n=1');
    expect(run.ended.code).toBe(3);
    const status = async (code: number): Promise<void> => {
      const { interrupt } = await theOpenOne(run);
      expect(
        (await cli('inbox', 'reply', interrupt.interrupt_id, '--text', 'Yes.', '--resume')).code,
      ).toBe(code);
    };
    await status(3);
    await status(3);
    await status(0);
    expect(readFileSync(path.join(program, 'ws/effects.log'), 'utf8')).toBe('once\nround\nround\n');
    const attempts = run
      .instances()
      .map(({ task_id, attempt, status: s }) => `${task_id} ${attempt} ${s}`);
    expect(attempts).toEqual([
      'once 1 done',
      'round 2 done',
      'again 1 done',
      'round 2 done',
      'again 2 done',
      'end 1 done',
    ]);
  });

  it('count when the engine died before it could take them in', async () => {
    const run = await start('plain');
    const { interrupt } = await theOpenOne(run);
    // As if the engine had been killed right after the attempt began: the log ends there.
    const lines = readFileSync(run.paths.eventsLog, 'utf8').trimEnd().split('\n');
    const begun = lines.findIndex((line) => line.includes('"attempt_started"'));
    writeFileSync(run.paths.eventsLog, `${lines.slice(0, begun + 1).join('\n')}\n`);
    // `state/` is never ahead of the log.
    rmSync(run.paths.runFile);
    expect(replayLog(run.paths).state.interrupts.size).toBe(0);
    expect((await theOpenOne(run)).problem).toBe('asked, but not taken in yet');
    const sent = await cli('inbox', 'reply', interrupt.interrupt_id, '--text', 'Early.');
    expect(sent.code, sent.stderr).toBe(0);
    expect((await cli('run', 'reconcile', run.id)).code).toBe(0);
    expect(run.only()).toMatchObject({ attempt: 1, error: null });
    expect((await cli('run', 'resume', run.id)).code).toBe(0);
    expect(run.only()).toMatchObject({ status: 'done', attempt: 2 });
    expect(existsSync(run.paths.attemptDir(run.only().instance_id, 3))).toBe(false);
  });
});
