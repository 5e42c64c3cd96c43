/** What the log recorded of the files that an instance handed out, by whatever name they are asked for. */
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { jsonFile } from '../../src/disk/disk.ts';
import { sha256 } from '../../src/disk/sha256.ts';
import { runPaths } from '../../src/store/layout.ts';
import { recordedFile } from '../../src/store/recorded-files.ts';
import { RESULT, sampleRun, temporaryProgram, type SampleRun } from './sample-run.ts';

let program: { dir: string; remove: () => void };
let run: SampleRun;

beforeEach(() => {
  program = temporaryProgram();
  run = sampleRun(program.dir);
});
afterEach(() => program.remove());

it('knows published files, and results wherever they lie', () => {
  const { paths, state, asker } = run;
  const published = path.join(paths.publishedDir(asker), 'final.md');
  const record = state.instances.get(asker)?.published[0];
  expect(recordedFile(paths, state, published)).toEqual({
    instanceId: asker,
    sha256: record?.sha256,
  });
  expect(recordedFile(paths, state, paths.resultFile(asker))).toEqual({
    instanceId: asker,
    sha256: sha256(jsonFile(JSON.parse(RESULT))),
  });
  const left = path.join(paths.attemptDir(asker, 2), 'result.json');
  expect(recordedFile(paths, state, left)).toEqual({ instanceId: asker, sha256: sha256(RESULT) });
});

it('knows them through a link to the program', () => {
  const link = path.join(program.dir, 'link');
  symlinkSync(program.dir, link);
  const paths = runPaths(link, run.paths.runId);
  const published = path.join(run.paths.publishedDir(run.asker), 'final.md');
  expect(recordedFile(paths, run.state, published)?.instanceId).toBe(run.asker);
});

it('says nothing of other files', () => {
  const { paths, state, asker } = run;
  for (const file of [
    path.join(paths.publishedDir(asker), 'other.md'),
    path.join(paths.publishedDir('nobody-00000000'), 'final.md'),
    path.join(paths.attemptDir(asker, 1), 'result.json'),
    paths.resultFile('nobody-00000000'),
    paths.instanceFile(asker),
    path.join(program.dir, 'result.json'),
    path.join(program.dir, 'project.yaml'),
  ]) {
    expect(recordedFile(paths, state, file), file).toBeNull();
  }
});
