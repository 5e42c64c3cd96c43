/** What is on the device before it counts: each file, and then the directory that names it. */
import fs, { existsSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFile, replaceFile } from '../../../src/disk/disk.ts';
import { runPaths } from '../../../src/store/layout.ts';
import { dropReply } from '../../../src/store/inbox/drop.ts';
import { EventLog } from '../../../src/store/log/writer.ts';
import { sampleEvents, sampleReply, storeOf, temporaryProgram } from '../sample-run.ts';

const RUN = '20260102030405-0123abcd';
let programDir = '';
let remove: () => void;
let flushed: string[] = [];
const { fsyncSync, renameSync } = fs;
beforeEach(() => {
  ({ dir: programDir, remove } = temporaryProgram());
  flushed = [];
  fs.fsyncSync = (fd) => {
    const name = path.relative(programDir, readlinkSync(`/proc/self/fd/${fd}`));
    flushed.push(name.replace(/\.\d+\.[0-9a-f]{8}\.tmp$/, '.tmp'));
    fsyncSync(fd);
  };
  syncBuiltinESMExports();
});
afterEach(() => {
  Object.assign(fs, { fsyncSync, renameSync });
  syncBuiltinESMExports();
  remove();
});

const onLinux = it.skipIf(!existsSync('/proc/self/fd'));

onLinux('a file that is to last', () => {
  replaceFile(path.join(programDir, 'a'), 'x', { durable: true });
  expect(flushed.splice(0)).toEqual(['.a.tmp', '']);
  createFile(path.join(programDir, 'b'), 'x', { durable: true });
  expect(flushed.splice(0)).toEqual(['.b.tmp', '']);
  replaceFile(path.join(programDir, 'a'), 'y');
  expect(flushed).toEqual([]);
});

onLinux('the log of a new run, and the names on the way to it', () => {
  const paths = runPaths(programDir, RUN);
  mkdirSync(paths.root, { recursive: true });
  EventLog.create(paths.eventsLog, sampleEvents(RUN).events).close();
  expect(flushed).toEqual([`.runs/${RUN}/.events.jsonl.tmp`, `.runs/${RUN}`, '.runs', '']);
});

onLinux('what is left in the inbox', () => {
  const { paths } = storeOf(programDir).create(RUN);
  dropReply(paths, sampleReply('int-0123456789ab'));
  const replies = `.runs/${RUN}/inbox/replies`;
  expect(flushed).toEqual([`${replies}/.int-0123456789ab.json.tmp`, replies]);
});

it('leaves nothing of what could not take its place', () => {
  fs.renameSync = () => {
    throw new Error('no room');
  };
  syncBuiltinESMExports();
  expect(() => replaceFile(path.join(programDir, 'a'), 'x')).toThrow('no room');
  expect(readdirSync(programDir).filter((name) => name.includes('.tmp'))).toEqual([]);
});
