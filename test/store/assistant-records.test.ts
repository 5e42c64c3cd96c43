/** What the tries of an assistant have left, and what of it is believed. */
import fs, { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  assistantProblem,
  isSettledTry,
  latestAssistantAttempt,
  writeAssistantLaunch,
  writeAssistantOutcome,
  writeAssistantProblem,
} from '../../src/store/assistant-records.ts';
import { runPaths, type RunPaths } from '../../src/store/layout.ts';
import { NOW, RUN_ID } from '../support/make.ts';
import { temporaryProgram } from './sample-run.ts';

const ID = 'int-0123456789ab';
const LAUNCH = { pid: 1 };
let paths: RunPaths;
let remove: () => void;
beforeEach(() => {
  const program = temporaryProgram();
  ({ remove } = program);
  paths = runPaths(program.dir, RUN_ID);
  mkdirSync(paths.root, { recursive: true });
});
afterEach(() => remove());

const outcome = { outcome: 'answered', reason: null, finished_at: NOW } as const;

/** A try whose agent was started, in control. */
function begun(number: number): { attemptDir: string; controlDir: string } {
  const attemptDir = paths.assistantAttemptDir(ID, number);
  const controlDir = paths.controlDir(ID, number);
  for (const directory of [attemptDir, controlDir]) mkdirSync(directory, { recursive: true });
  writeAssistantLaunch(controlDir, LAUNCH);
  return { attemptDir, controlDir };
}

describe('the latest try', () => {
  it('is the one with the highest number', () => {
    expect(latestAssistantAttempt(paths, ID, 2)).toBeNull();
    for (const number of [1, 10, 2]) begun(number);
    expect(latestAssistantAttempt(paths, ID, 2)).toMatchObject({
      number: 10,
      launch: LAUNCH,
      settled: false,
    });
  });

  it('that is put away without an outcome may go on in a run of format 1 alone', () => {
    const { attemptDir, controlDir } = begun(1);
    rmSync(controlDir, { recursive: true });
    writeFileSync(path.join(attemptDir, 'launch.json'), JSON.stringify(LAUNCH));
    expect(latestAssistantAttempt(paths, ID, 1)).toMatchObject({ launch: LAUNCH, settled: false });
    expect(latestAssistantAttempt(paths, ID, 2)).toMatchObject({ launch: null, settled: true });
    writeAssistantOutcome(attemptDir, outcome);
    expect(latestAssistantAttempt(paths, ID, 1)).toMatchObject({ launch: null, settled: true });
  });
});

it('an outcome beside the agent is the agent’s while the launch is in control', () => {
  const attempt = begun(1);
  writeAssistantOutcome(attempt.attemptDir, outcome);
  expect(isSettledTry(attempt)).toBe(false);
  rmSync(path.join(attempt.controlDir, 'launch.json'));
  expect(isSettledTry(attempt)).toBe(true);
});

it('failures in a row are counted', () => {
  for (const failures of [1, 2, 3]) {
    writeAssistantProblem(paths, ID, { reason: 'offline', at: NOW, attempt: null });
    expect(assistantProblem(paths, ID)?.failures).toBe(failures);
  }
});

it('a launch is on the device before the agent is started', () => {
  const { fsyncSync } = fs;
  let flushed = 0;
  fs.fsyncSync = (fd) => {
    flushed += 1;
    fsyncSync(fd);
  };
  syncBuiltinESMExports();
  try {
    begun(1);
  } finally {
    Object.assign(fs, { fsyncSync });
    syncBuiltinESMExports();
  }
  // The file, and the directory that names it.
  expect(flushed).toBe(2);
});
