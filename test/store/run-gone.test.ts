/** A run that is taken away, replaced or laid bare while somebody writes to it. */
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plan } from '../../src/core/plan/plan.ts';
import { createRun } from '../../src/core/plan/create-run.ts';
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
