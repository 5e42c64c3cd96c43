import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Refusal } from '../../src/model/refusal.ts';
import {
  instanceOfCheck,
  listRunIds,
  newRunId,
  resolveRunId,
  runPaths,
  unsettledAttempts,
} from '../../src/store/layout.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { temporaryProgram } from './sample-run.ts';

let program: { dir: string; remove: () => void };
beforeEach(() => (program = temporaryProgram()));
afterEach(() => program.remove());

function plant(id: string, createdAt = '', content?: string): void {
  const paths = runPaths(program.dir, id);
  mkdirSync(paths.root, { recursive: true });
  writeFileSync(paths.eventsLog, content ?? `{"seq":1,"created_at":"${createdAt}","payload":{}}\n`);
}

function refusal(text: string): Refusal {
  try {
    resolveRunId(program.dir, text);
  } catch (error) {
    if (error instanceof Refusal) return error;
  }
  throw new Error('nothing was refused');
}

it('names a run by its second in UTC', () => {
  const id = newRunId(new Date('2026-01-02T23:59:58.999-01:00').toISOString());
  expect(id).toMatch(/^20260103005958-[0-9a-f]{8}$/);
  expect(runPaths('/p', id).attemptDir('t-1', 7)).toBe(
    path.join('/p/.runs', id, 'instances/t-1/attempts/0007'),
  );
});

it('lists runs newest first, those of one second by their first event, and nothing else', () => {
  expect(listRunIds(program.dir)).toEqual([]);
  plant('20260101000000-aaaaaaaa', '2026-01-01T00:00:00.100Z');
  plant('20260101000000-bbbbbbbb', '2026-01-01T00:00:00.900Z');
  plant('20260101000000-cccccccc', '2026-01-01T00:00:00.500Z');
  plant('20251231235959-ffffffff');
  plant('20270101000000-00000000', '', '');
  plant('not-a-run');
  mkdirSync(runPaths(program.dir, '20260101000001-00000000').root);
  expect(listRunIds(program.dir)).toEqual([
    '20260101000000-bbbbbbbb',
    '20260101000000-cccccccc',
    '20260101000000-aaaaaaaa',
    '20251231235959-ffffffff',
  ]);
  expect(resolveRunId(program.dir, 'latest')).toBe('20260101000000-bbbbbbbb');
});

it('takes an id, or a unique beginning of one', () => {
  plant('20260101000000-aaaaaaaa');
  plant('20260101000000-ab000000');
  plant('20260202000000-aaaaaaaa');
  expect(resolveRunId(program.dir, '20260202000000-aaaaaaaa')).toBe('20260202000000-aaaaaaaa');
  expect(resolveRunId(program.dir, '202602')).toBe('20260202000000-aaaaaaaa');
  expect(resolveRunId(program.dir, '20260101000000-ab')).toBe('20260101000000-ab000000');
});

it('refuses what fits none or several, with exit status 4 and the ids that come close', () => {
  expect(refusal('latest')).toMatchObject({ code: 'run-not-found', exit: 4 });
  plant('20260101000000-aaaaaaaa');
  plant('20260101000000-ab000000');
  plant('20260303000000-00000000', '', '');
  expect(refusal('20260101')).toMatchObject({ code: 'run-ambiguous', exit: 4 });
  expect(refusal('20260101').message).toMatch(
    /fits 2 runs: .*aaaaaaaa.*ab000000|ab000000.*aaaaaaaa/,
  );
  expect(refusal('ab0000').message).toContain('Closest: 20260101000000-ab000000');
  expect(refusal('20260101000009').message).toContain('Closest: 20260101000000-');
  expect(refusal('zzz').message).not.toContain('Closest');
  expect(refusal('').code).toBe('run-not-found');
  expect(refusal('20260303000000-00000000').message).toContain('never started');
  expect(refusal('../../etc').exit).toBe(4);
});

it('names five of those that fit, and says that there are more', () => {
  for (let n = 1; n <= 5; n += 1) plant(`20260101000000-0000000${n}`);
  expect(refusal('20260101').message).toMatch(/fits 5 runs: (\S+, ){4}\S+\.$/);
  plant('20260101000000-00000006');
  expect(refusal('20260101').message).toMatch(/fits 6 runs: (\S+, ){5}…\.$/);
});

it('lists a run that has lost its log, so that reading it can say so', () => {
  plant('20260101000000-aaaaaaaa', '2026-01-01T00:00:00.100Z');
  plant('20260102000000-bbbbbbbb', '', '');
  const lost = runPaths(program.dir, '20260102000000-bbbbbbbb');
  expect(listRunIds(program.dir)).toEqual(['20260101000000-aaaaaaaa']);
  mkdirSync(lost.stateDir);
  writeFileSync(lost.runFile, '{}');
  expect(listRunIds(program.dir)).toEqual([lost.runId, '20260101000000-aaaaaaaa']);
  expect(() => viewRun(lost).state).toThrow(/the log was lost/);
});

it('tells attempts in control/ from what waits there for an owner, and checks from instances', () => {
  const paths = runPaths(program.dir, '20260101000000-aaaaaaaa');
  for (const name of ['a-1/0001', 'a-1/notes', '.b-1/0001']) {
    mkdirSync(path.join(paths.controlRoot, name), { recursive: true });
  }
  expect(unsettledAttempts(paths)).toEqual([{ owner: 'a-1', attempt: 1 }]);
  expect(instanceOfCheck('a-1.baseline-0')).toBe('a-1');
  expect(instanceOfCheck('a-1.check-12')).toBe('a-1');
  expect(instanceOfCheck('a-1')).toBeNull();
});
