/** The promises of a store, kept by both; and what only a disk can break. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evolve, replay } from '../../src/core/events/evolve.ts';
import { DirectoryRunStore } from '../../src/store/directory/store.ts';
import type { RunPaths } from '../../src/store/layout.ts';
import { MemoryRunStore } from '../../src/store/memory/store.ts';
import type { RunStore } from '../../src/store/run-store.ts';
import { expectSameRecords } from '../core/same-records.ts';
import { sampleEvents, temporaryProgram } from '../store/sample-run.ts';
import { checkStore } from './store.ts';

checkStore('a directory', () => {
  const program = temporaryProgram();
  let now = '';
  return {
    // As in use: what is being flushed is a state of its own.
    store: new DirectoryRunStore(program.dir, { now: () => now, sync: true }),
    setNow: (then) => void (now = then),
    remove: program.remove,
  };
});

checkStore('memory', () => {
  let now = '';
  return {
    store: new MemoryRunStore('nowhere', () => now),
    setNow: (then) => void (now = then),
    remove: () => undefined,
  };
});

describe('a directory: run.json and the log', () => {
  const RUN = '20260102030405-0123abcd';
  const { events } = sampleEvents(RUN);
  let program: { dir: string; remove: () => void };
  let store: RunStore;
  let paths: RunPaths;
  /** What `state/` and the log hold after so many events. */
  const kept = (amount: number): string => path.join(program.dir, 'kept', String(amount));

  beforeEach(() => {
    program = temporaryProgram();
    const now = (): string => '2026-06-01T00:00:00.000Z';
    store = new DirectoryRunStore(program.dir, { now, sync: false });
    const run = store.create(RUN);
    paths = run.paths;
    run.begin(events.slice(0, 1), replay(events.slice(0, 1))!);
    keep(1);
    const attempt = store.write(RUN, 'test');
    if (!attempt.ok) throw attempt.refusal;
    const { writer } = attempt;
    for (const event of events.slice(1)) {
      evolve(writer.state, event);
      writer.commit([event]);
      writer.flushCache();
      keep(event.seq);
    }
    writer.close();
  });
  afterEach(() => program.remove());

  function keep(amount: number): void {
    cpSync(paths.stateDir, path.join(kept(amount), 'state'), { recursive: true });
    cpSync(paths.eventsLog, path.join(kept(amount), 'events.jsonl'));
  }

  /** The log after `logged` events, with the `state/` that was written after `cached` of them. */
  function put(logged: number, cached: number): void {
    rmSync(paths.stateDir, { recursive: true });
    cpSync(path.join(kept(logged), 'events.jsonl'), paths.eventsLog);
    cpSync(path.join(kept(cached), 'state'), paths.stateDir, { recursive: true });
  }

  function stateFiles(directory: string): Record<string, string> {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return Object.fromEntries(
      files
        .map((entry) => path.join(entry.parentPath, entry.name))
        .map((file) => [path.relative(directory, file), readFileSync(file, 'utf8')]),
    );
  }

  it('every prefix of the log, with every earlier cache: read as the log says, then caught up', () => {
    for (let logged = 1; logged <= events.length; logged += 1) {
      const whole = stateFiles(path.join(kept(logged), 'state'));
      for (let cached = 1; cached <= logged; cached += 1) {
        put(logged, cached);
        expect(store.list()).toMatchObject([{ ok: true, summary: { seq: logged } }]);
        const view = store.view(RUN);
        expectSameRecords(view.state, replay(events.slice(0, logged))!);
        const attempt = store.write(RUN, 'test');
        if (attempt.ok) attempt.writer.close();
        expect(stateFiles(paths.stateDir), `${cached} of ${logged}`).toEqual(whole);
      }
    }
  });

  it('every prefix of the log, with every later cache: the log has lost events, and says so', () => {
    for (let logged = 1; logged < events.length; logged += 1) {
      put(logged, logged);
      for (let cached = logged + 1; cached <= events.length; cached += 1) {
        cpSync(path.join(kept(cached), 'state', 'run.json'), paths.runFile);
        const lost = new RegExp(`it has ${logged}, and state/run.json has seen ${cached}\\.`);
        expect(() => store.view(RUN)).toThrow(lost);
        expect(() => store.write(RUN, 'test')).toThrow(lost);
        expect(store.holder(RUN)).toBeNull();
        expect(store.list()).toMatchObject([{ ok: false, refusal: { code: 'log-damaged' } }]);
      }
    }
  });

  it('the log without any state/ is read as it is, and state/ written', () => {
    const whole = stateFiles(path.join(kept(events.length), 'state'));
    rmSync(paths.stateDir, { recursive: true });
    expectSameRecords(store.view(RUN).state, sampleEvents(RUN).state);
    expect(existsSync(paths.stateDir)).toBe(false);
    const attempt = store.write(RUN, 'test');
    if (attempt.ok) attempt.writer.close();
    expect(stateFiles(paths.stateDir)).toEqual(whole);
  });
});
