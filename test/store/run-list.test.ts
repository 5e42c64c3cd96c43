/** The summary of a run is read from `state/run.json`, and from the log where an earlier codex-orch wrote less. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runSummary, summaryAdditions } from '../../src/store/cache/documents.ts';
import { readRunSummary } from '../../src/store/run-list.ts';
import { countOpens } from '../support/file-opens.ts';
import { sampleRun, temporaryProgram, type SampleRun } from './sample-run.ts';

let run: SampleRun;
let remove: () => void;
beforeEach(() => {
  const program = temporaryProgram();
  ({ remove } = program);
  run = sampleRun(program.dir);
});
afterEach(() => remove());

/** Leaves `state/run.json` as an earlier codex-orch wrote it, with these fields. */
function writtenEarlier(change: object): void {
  const file = JSON.parse(readFileSync(run.paths.runFile, 'utf8')) as Record<string, unknown>;
  for (const name of summaryAdditions) delete file[name];
  writeFileSync(run.paths.runFile, JSON.stringify({ ...file, ...change }));
}

it('is what the log says, and no more', () => {
  expect(readRunSummary(run.paths)).toEqual(runSummary(run.state));
});

it.each([{}, { status: 'failed', aborted: true }])(
  'of a run that is over, %j, tells what it took from end to end, and the log is not read',
  (change) => {
    writtenEarlier(change);
    const { created_at, updated_at } = runSummary(run.state);
    const opens = countOpens('events.jsonl');
    try {
      expect(readRunSummary(run.paths)).toMatchObject({
        stopped: false,
        answered: 0,
        worked_ms: Date.parse(updated_at) - Date.parse(created_at),
        ...change,
      });
      expect(opens.count()).toBe(0);
    } finally {
      opens.stop();
    }
  },
);

it('of one that goes on is from the log', () => {
  writtenEarlier({ status: 'running' });
  expect(readRunSummary(run.paths)).toEqual(runSummary(run.state));
});
