/** `state/` is written in arrears: what a failure, a hand or another history leaves in it is made good. */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ForEach } from '../../../src/model/program.ts';
import { readRunFile } from '../../../src/store/cache/run-file.ts';
import { StateCache } from '../../../src/store/cache/state-cache.ts';
import { runPaths } from '../../../src/store/layout.ts';
import { LOG_START } from '../../../src/store/log/reader.ts';
import { ScriptedRun } from '../../core/scripted-run.ts';
import { RUN_ID, task } from '../../support/make.ts';
import { endOf, sampleRun, storeOf, temporaryProgram, type SampleRun } from '../sample-run.ts';

let run: SampleRun;
let programDir = '';
let remove: () => void;

beforeEach(() => {
  ({ dir: programDir, remove } = temporaryProgram());
  run = sampleRun(programDir);
});
afterEach(() => remove());

function wholeCache(): StateCache {
  rmSync(run.paths.stateDir, { recursive: true, force: true });
  const cache = StateCache.create(run.paths);
  for (const event of run.events) cache.note(event);
  return cache;
}

const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

function changeRunFile(change: object): void {
  const file = run.paths.runFile;
  writeFileSync(file, JSON.stringify({ ...(json(file) as object), ...change }));
}

describe('what a flush could not write', () => {
  it('is written by the next, and run.json only then', () => {
    const cache = wholeCache();
    const end = endOf(run.paths);
    expect(cache.flush(run.state, end)).toBeNull();
    const inTheWay = run.paths.inboxInterrupts;
    const again = wholeCache();
    rmSync(inTheWay, { recursive: true });
    cpSync(run.paths.eventsLog, inTheWay);
    expect(again.flush(run.state, end)).not.toBeNull();
    expect(existsSync(run.paths.runFile)).toBe(false);
    rmSync(inTheWay);
    expect(again.flush(run.state, end)).toBeNull();
    expect(json(run.paths.instanceFile(run.asker))).toMatchObject({ status: 'done' });
    expect(json(run.paths.interruptFile('int-0123456789ab'))).toMatchObject({ status: 'applied' });
    expect(readRunFile(run.paths)).toMatchObject({ seq: run.events.length });
  });

  it('is no summary of a state that the log is not at', () => {
    const end = endOf(run.paths);
    expect(wholeCache().flush(run.state, { ...end, seq: end.seq - 1 })).toBeNull();
    expect(existsSync(run.paths.runFile)).toBe(false);
  });

  it('is told once to whoever wants to know', () => {
    const writing = storeOf(programDir).write(run.paths.runId, 'test');
    if (!writing.ok) throw writing.refusal;
    const { writer } = writing;
    let told = 0;
    writer.onStaleCache(() => (told += 1));
    rmSync(run.paths.stateDir, { recursive: true });
    writeFileSync(run.paths.stateDir, '');
    expect(writer.result(run.asker)).not.toBeNull();
    writer.flushCache();
    writer.flushCache();
    expect(told).toBe(1);
    rmSync(run.paths.stateDir);
    writer.close();
  });
});

it('what is up to date is not written again', () => {
  const cache = wholeCache();
  const end = endOf(run.paths);
  expect(cache.flush(run.state, end)).toBeNull();
  rmSync(run.paths.runFile);
  expect(cache.flush(run.state, end)).toBeNull();
  expect(existsSync(run.paths.runFile)).toBe(false);
});

it('what is there is replaced, so that nobody reads half of it', () => {
  const cache = wholeCache();
  const end = endOf(run.paths);
  expect(cache.flush(run.state, end)).toBeNull();
  const { ino } = statSync(run.paths.runFile);
  for (const event of run.events.slice(-1)) cache.note(event);
  expect(cache.flush(run.state, end)).toBeNull();
  expect(statSync(run.paths.runFile).ino).not.toBe(ino);
});

it('a file where a directory of state/ belongs makes room', () => {
  const cache = wholeCache();
  mkdirSync(run.paths.stateDir);
  const tasks = path.dirname(run.paths.taskFile('ask'));
  writeFileSync(tasks, '');
  expect(cache.flush(run.state, endOf(run.paths))).toBeNull();
  expect(readdirSync(tasks).sort()).toEqual(['ask.json', 'build.json']);
});

it('what stood for a region has no file any more once that is open', () => {
  const list: ForEach = {
    ...{ items: ['one'], as: 'item', key: null, max_parallel: null },
    ...{ ask_above: null, max_items: 10, stop_after: null },
  };
  const scripted = new ScriptedRun([
    task({ id: 'first' }),
    task({ id: 'each', for_each: list, depends_on: ['first'] }),
  ]);
  const paths = runPaths(programDir, RUN_ID);
  mkdirSync(paths.root);
  const cache = StateCache.create(paths);
  const flush = (): void => {
    for (const event of scripted.events.splice(0)) cache.note(event);
    expect(cache.flush(scripted.state, LOG_START)).toBeNull();
  };
  const head = paths.instanceFile(scripted.last('each').instance_id);
  flush();
  expect(existsSync(head)).toBe(true);
  scripted.finish('first');
  flush();
  expect(existsSync(head)).toBe(false);
});

it('what tells of another history is written anew', () => {
  changeRunFile({ seq: 3, log_bytes: 10, log_head: 'a'.repeat(64) });
  rmSync(run.paths.instanceFile(run.asker));
  const cache = StateCache.open(run.paths, run.state, endOf(run.paths));
  expect(cache.flush(run.state, endOf(run.paths))).toBeNull();
  expect(json(run.paths.instanceFile(run.asker))).toMatchObject({ status: 'done' });
});

describe('the file of a result that is given out', () => {
  const file = (): string => run.paths.resultFile(run.asker);

  function giveOut(): void {
    const writing = storeOf(programDir).write(run.paths.runId, 'test');
    if (!writing.ok) throw writing.refusal;
    writing.writer.result(run.asker);
    writing.writer.close();
  }

  it('is written anew where it says something else', () => {
    writeFileSync(file(), '{"answer": 43}\n');
    giveOut();
    expect(json(file())).toEqual({ answer: 42 });
  });

  it('is no link', () => {
    const elsewhere = path.join(programDir, 'result.json');
    cpSync(file(), elsewhere);
    rmSync(file());
    symlinkSync(elsewhere, file());
    giveOut();
    expect(lstatSync(file()).isFile()).toBe(true);
  });
});

describe('state/run.json', () => {
  it.each([
    { id: '20260102030405-00000000' },
    { format_version: 0 },
    { format_version: 3 },
    { format_version: '2' },
    { seq: null },
    { log_head: 1 },
    { log_bytes: '1' },
    { counts: [] },
    { project: null },
    { roots: 'a' },
  ])('that says %j is not that of the run', (change) => {
    expect(readRunFile(run.paths)).not.toBeNull();
    changeRunFile(change);
    expect(readRunFile(run.paths)).toBeNull();
  });

  it('of an aborted run of format 1 counts no question', () => {
    changeRunFile({ format_version: 1, attention: 2 });
    expect(readRunFile(run.paths)).toMatchObject({ attention: 2 });
    changeRunFile({ aborted: true });
    expect(readRunFile(run.paths)).toMatchObject({ attention: 0 });
  });
});
