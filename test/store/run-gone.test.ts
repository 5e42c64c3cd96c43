/** A run that is taken away, replaced or laid bare while somebody writes to it. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plan } from '../../src/core/plan/plan.ts';
import { decide } from '../../src/core/requests/decide.ts';
import { createRun } from '../../src/core/plan/create-run.ts';
import { readRunFile } from '../../src/store/cache/run-file.ts';
import { runPaths, type RunPaths } from '../../src/store/layout.ts';
import type { RunWriter } from '../../src/store/run-store.ts';
import { verifyRunDirectory } from '../../src/store/verify/verify.ts';
import { RUN_ID } from '../support/make.ts';
import { samplePlan, storeOf, systemNow, temporaryProgram } from './sample-run.ts';

let program: { dir: string; remove: () => void };
let paths: RunPaths;
let writer: RunWriter;
beforeEach(() => {
  program = temporaryProgram();
  paths = runPaths(program.dir, RUN_ID);
  const { state, events } = createRun(samplePlan(), RUN_ID, systemNow());
  storeOf(program.dir).create(RUN_ID).begin(events, state);
  const writing = storeOf(program.dir).write(RUN_ID, 'test');
  if (!writing.ok) throw writing.refusal;
  ({ writer } = writing);
});
afterEach(() => {
  writer.close();
  program.remove();
});

const next = () => plan(writer.state, { slots: 1, now: writer.now() }).events;

describe('a run', () => {
  it('that is removed takes no more, and nothing of it is written anew', () => {
    rmSync(paths.root, { recursive: true });
    expect(() => writer.checkPlace()).toThrow(/removed or renamed/);
    expect(() => writer.commit(next())).toThrow(/removed or renamed/);
    writer.noteSession('a', 's');
    writer.close();
    expect(existsSync(paths.root)).toBe(false);
  });

  it('whose program is renamed leaves nothing under the old name', () => {
    const renamed = `${program.dir}-renamed`;
    renameSync(program.dir, renamed);
    expect(() => writer.commit(next())).toThrow(/removed or renamed/);
    writer.close();
    expect(existsSync(program.dir)).toBe(false);
    renameSync(renamed, program.dir);
  });

  it('that is replaced by a copy is left as it lies', () => {
    const copy = `${paths.root}-copy`;
    cpSync(paths.root, copy, { recursive: true });
    rmSync(paths.root, { recursive: true });
    renameSync(copy, paths.root);
    const state = readdirSync(paths.stateDir);
    const events = next();
    expect(() => writer.commit(events)).toThrow(/replaced/);
    writer.flushCache();
    writer.close();
    expect(readdirSync(paths.stateDir)).toEqual(state);
  });

  it('that is replaced by a copy gets nothing of what was still to be written to state/', () => {
    writer.commit(next());
    const copy = `${paths.root}-copy`;
    cpSync(paths.root, copy, { recursive: true });
    rmSync(paths.root, { recursive: true });
    renameSync(copy, paths.root);
    const runFile = readFileSync(paths.runFile, 'utf8');
    writer.flushCache();
    writer.close();
    expect(readFileSync(paths.runFile, 'utf8')).toBe(runFile);
    expect(readdirSync(path.dirname(paths.runFile))).not.toContain('instances');
  });

  it('whose lock is removed is not written to: another engine may have it', () => {
    rmSync(paths.lockDir, { recursive: true });
    expect(() => writer.checkPlace()).toThrow(/another engine may have it/);
    expect(() => writer.commit(next())).toThrow(/another engine may have it/);
    const other = storeOf(program.dir).write(RUN_ID, 'another');
    if (!other.ok) throw other.refusal;
    writer.close();
    expect(storeOf(program.dir).holder(RUN_ID)?.command).toBe('another');
    other.writer.close();
  });

  it('whose state/ is deleted before anything was written to it has all of it again', async () => {
    rmSync(paths.stateDir, { recursive: true });
    writer.commit(next());
    writer.close();
    const { problems } = await verifyRunDirectory(paths, { now: systemNow });
    expect(problems.filter(({ where }) => where.includes('state/'))).toEqual([]);
    expect(existsSync(paths.taskFile('build'))).toBe(true);
  });

  it('whose state/ is deleted has all of it again', async () => {
    writer.commit(next());
    writer.flushCache();
    rmSync(paths.stateDir, { recursive: true });
    mkdirSync(path.dirname(paths.runFile), { recursive: true });
    const [event] = writer.state.instances.keys();
    expect(event).toBeDefined();
    writer.commit(plan(writer.state, { slots: 2, now: writer.now() }).events);
    writer.flushCache();
    writer.close();
    const { problems } = await verifyRunDirectory(paths, { now: systemNow });
    // The sample has no frozen files on disk.
    expect(problems.filter(({ where }) => where.includes('/state/'))).toEqual([]);
  });
});

it('state/ tells of no event that the device does not have yet', async () => {
  const before = readFileSync(paths.runFile, 'utf8');
  writer.commit(next());
  const aborted = decide(writer.state, { command: 'abort' }, writer.now());
  if (!aborted.ok) throw new Error(aborted.reason);
  const committed = writer.commitAsync(aborted.events);
  writer.flushCache();
  expect(readFileSync(paths.runFile, 'utf8')).toBe(before);
  expect(readdirSync(path.dirname(paths.runFile))).not.toContain('instances');
  await committed;
  writer.flushCache();
  expect(readRunFile(paths)).toMatchObject({ seq: writer.state.seq, aborted: true });
});

it.skipIf(!existsSync('/proc/self/fd'))('a run that is refused leaves no file open', () => {
  writer.commit(next());
  writer.close();
  // What state/ has seen is in the log no more.
  const [first = ''] = readFileSync(paths.eventsLog, 'utf8').split('\n');
  truncateSync(paths.eventsLog, Buffer.byteLength(first) + 1);
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let time = 0; time < 20; time += 1) {
    expect(() => storeOf(program.dir).write(RUN_ID, 'test')).toThrow(/Events are missing/);
  }
  expect(open()).toBeLessThan(before + 10);
});
