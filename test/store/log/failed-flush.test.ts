/** After a failed flush nobody knows what the device holds: the log takes nothing more until it is opened anew. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeEach, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events/events.ts';
import type { RunWriter } from '../../../src/store/run-store.ts';

const { fdatasync, fdatasyncSync } = fs;
let fails = false;
const broken = (): Error => Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
fs.fdatasyncSync = (fd) => {
  if (fails) throw broken();
  fdatasyncSync(fd);
};
fs.fdatasync = ((fd: number, done: (error: Error | null) => void) =>
  fails ? done(broken()) : fdatasync(fd, done)) as typeof fdatasync;
syncBuiltinESMExports();
afterAll(() => {
  Object.assign(fs, { fdatasync, fdatasyncSync });
  syncBuiltinESMExports();
});

// Only now: the log keeps the functions that it flushes with.
const { DirectoryRunStore } = await import('../../../src/store/directory/store.ts');
const { evolve, replay } = await import('../../../src/core/events/evolve.ts');
const { sampleEvents, systemNow, temporaryProgram } = await import('../sample-run.ts');

const RUN = '20260102030405-0123abcd';

beforeEach(() => {
  fails = false;
});

it.each<[string, (writer: RunWriter, events: RunEvent[]) => Promise<void>]>([
  ['at once', async (writer, events) => writer.commit(events)],
  ['beside other work', (writer, events) => writer.commitAsync(events)],
])('a commit %s', async (_name, commit) => {
  const program = temporaryProgram();
  const store = new DirectoryRunStore(program.dir, { now: systemNow, sync: true });
  const { events } = sampleEvents(RUN);
  store.create(RUN).begin(events.slice(0, 2), replay(events.slice(0, 2))!);
  const attempt = store.write(RUN, 'test');
  if (!attempt.ok) throw attempt.refusal;
  const { writer } = attempt;
  const told: number[] = [];
  writer.onEvent(({ seq }) => told.push(seq));
  const before = fs.readFileSync(writer.paths.eventsLog);
  const [next] = events.slice(2) as [RunEvent];
  evolve(writer.state, next);
  fails = true;
  await expect(commit(writer, [next])).rejects.toMatchObject({ code: 'write-failed' });
  expect(fs.readFileSync(writer.paths.eventsLog)).toEqual(before);

  // The disk is well again, and the log is not trusted all the same.
  fails = false;
  await expect(commit(writer, [next])).rejects.toMatchObject({ code: 'write-failed' });
  expect(fs.readFileSync(writer.paths.eventsLog)).toEqual(before);
  expect(told).toEqual([]);
  writer.close();
  expect(store.view(RUN).state.seq).toBe(2);

  const again = store.write(RUN, 'test');
  if (!again.ok) throw again.refusal;
  evolve(again.writer.state, next);
  await commit(again.writer, [next]);
  again.writer.close();
  expect(store.view(RUN).state.seq).toBe(3);
  program.remove();
});
