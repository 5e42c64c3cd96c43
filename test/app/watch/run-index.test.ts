import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunFeeds } from '../../../src/app/watch/run-feed.ts';
import { RunIndex, type IndexListener } from '../../../src/app/watch/run-index.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { sampleRun, temporaryProgram, type SampleRun } from '../../store/sample-run.ts';

const deaf: IndexListener = {
  onRun: () => undefined,
  onRemoved: () => undefined,
  onQuestion: () => undefined,
  onComplete: () => undefined,
};

describe('the list of all runs', () => {
  let program: { dir: string; remove: () => void };
  let run: SampleRun;
  /** Of the log, each with its end. */
  let lines: string[];
  let index: RunIndex;
  let nowMs: number;

  beforeEach(() => {
    program = temporaryProgram();
    run = sampleRun(program.dir);
    lines = readFileSync(run.paths.eventsLog, 'utf8').split(/(?<=\n)/);
    rmSync(run.paths.stateDir, { recursive: true });
    writeFileSync(run.paths.eventsLog, '');
    nowMs = 0;
    const clock = { ...systemClock, elapsedMs: () => nowMs };
    index = new RunIndex(program.dir, new RunFeeds(program.dir, clock), clock);
  });
  afterEach(() => program.remove());

  const grow = (count: number): void =>
    appendFileSync(run.paths.eventsLog, lines.splice(0, count).join(''));
  /** The list looks anew only after a while. */
  const ask = (): ReturnType<RunIndex['runs']> => {
    nowMs += 1000;
    return index.runs();
  };
  const status = async (): Promise<string | undefined> =>
    (await ask()).runs.find(({ runId }) => runId === run.paths.runId)?.summary?.status;

  /** Listens until the run is followed, and then lets it end. */
  const followToItsEnd = async (): Promise<() => void> => {
    grow(2);
    const stop = index.listen(deaf);
    await ask();
    grow(1);
    await ask();
    grow(lines.length);
    return stop;
  };

  it('knows how a run ended also where nobody listens any more the moment after', async () => {
    const stop = await followToItsEnd();
    // Looked at before whoever follows it has heard of the rest; then the last one leaves.
    const asked = ask();
    stop();
    await asked;
    expect(await status()).toBe('done');
  });

  it('shows nothing of a run that it finds damaged, but what is the matter', async () => {
    const stop = await followToItsEnd();
    appendFileSync(run.paths.eventsLog, '{"none":"of ours"}\n');
    const [found] = (await ask()).runs;
    expect(found).toMatchObject({ summary: null, questions: [] });
    expect(found?.damage).not.toBeNull();
    stop();
  });

  it('is as new as the log for whoever asks', async () => {
    const stop = await followToItsEnd();
    expect(await status()).toBe('done');
    stop();
  });
});
