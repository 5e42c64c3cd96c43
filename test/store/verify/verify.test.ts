/** What `run verify` tells of, one thing at a time: each stands on a single comparison. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { decide } from '../../../src/core/requests/decide.ts';
import type { Proposal } from '../../../src/model/run.ts';
import { verifyRunDirectory } from '../../../src/store/verify/verify.ts';
import { sampleRun, storeOf, systemNow, temporaryProgram, type SampleRun } from '../sample-run.ts';

let programDir = '';
let remove: () => void;
let run: SampleRun;
beforeEach(() => {
  ({ dir: programDir, remove } = temporaryProgram());
  run = sampleRun(programDir);
});
afterEach(() => remove());

async function problems(): Promise<string[]> {
  const report = await verifyRunDirectory(run.paths, { now: systemNow });
  return report.problems.map(({ severity, where, message }) => `${severity} ${where} ${message}`);
}

type Fields = Record<string, unknown>;
const json = (file: string): Fields => JSON.parse(readFileSync(file, 'utf8')) as Fields;

function change(file: string, to: (fields: Fields) => object): void {
  writeFileSync(file, JSON.stringify(to(json(file))));
}

const PROPOSAL = 'prop-int-0123456789ab-01';

/** Records a proposal of the question. */
function propose(): void {
  const writing = storeOf(programDir).write(run.paths.runId, 'test');
  if (!writing.ok) throw writing.refusal;
  const { writer } = writing;
  const interrupt_id = 'int-0123456789ab';
  const proposals: Proposal[] = [
    {
      proposal_id: PROPOSAL,
      run_id: run.paths.runId,
      instance_id: run.asker,
      interrupt_id,
      source_role_id: 'helper',
      requester_task_id: 'ask',
      target_file_path: 'tasks/ask.yaml',
      proposal: {
        kind: 'instruction_update',
        target: { task_id: 'ask' },
        summary: 'say more',
        rationale: 'it was asked',
        suggested_content_mode: 'snippet',
        suggested_content: 'more',
      },
      status: 'proposed',
      status_note: null,
      created_at: writer.now(),
      status_updated_at: writer.now(),
    },
  ];
  const decision = decide(
    writer.state,
    { command: 'record_proposals', interrupt_id, proposals, dropped: [] },
    writer.now(),
  );
  if (!decision.ok) throw new Error(decision.reason);
  writer.commit(decision.events);
  writer.close();
}

it.each<[string, () => void, RegExp]>([
  [
    'a result that its attempt has lost',
    () => rmSync(path.join(run.paths.attemptDir(run.asker, 2), 'result.json')),
    /^warning .*result.json is missing; state\/results\/ has its content$/,
  ],
  [
    'a file that is longer, without reading it',
    () => appendFileSync(path.join(run.paths.programDir, 'prompts/ask.md'), '.'),
    /^error program\/prompts\/ask.md has been changed: it has \d+ bytes; at most/,
  ],
  [
    'published files that lie elsewhere',
    () => {
      const published = run.paths.publishedDir(run.asker);
      renameSync(published, `${programDir}/elsewhere`);
      symlinkSync(`${programDir}/elsewhere`, published);
    },
    /^error .*published\/final.md has been changed: it is reached through a symbolic link$/,
  ],
  [
    'an attempt in control/ that no event tells of',
    () => mkdirSync(run.paths.controlDir(run.asker, 3), { recursive: true }),
    /^warning control\/.*\/0003 belongs to no attempt of the log$/,
  ],
  [
    'an attempt in control/ that is over',
    () => mkdirSync(run.paths.controlDir(run.asker, 2), { recursive: true }),
    /^info control\/.*\/0002 is of an attempt that is over/,
  ],
  [
    'a temporary file beside an instance',
    () =>
      writeFileSync(path.join(run.paths.instanceDir(run.asker), '.x.999999999.0123abcd.tmp'), ''),
    /^info instances\/.*\.tmp was left by a process that died/,
  ],
  [
    'a field more',
    () => change(run.paths.taskFile('ask'), (task) => ({ ...task, more: 1 })),
    /^error state\/tasks\/ask.json more: the file has it, the log does not$/,
  ],
  [
    'an entry more',
    () => change(run.paths.taskFile('ask'), (task) => ({ ...task, labels: ['x'] })),
    /^error state\/tasks\/ask.json labels\[\d\]: the file has it, the log does not$/,
  ],
  [
    'a proposal that was changed, of the last event that state/run.json knows',
    () => {
      propose();
      change(run.paths.proposalFile(PROPOSAL), (fields) => ({ ...fields, status: 'applied' }));
    },
    /^warning proposals\/.* status: the file says "applied", the log "proposed"$/,
  ],
  [
    'a summary of one event more',
    () => change(run.paths.runFile, (file) => ({ ...file, seq: Number(file['seq']) + 1 })),
    /^error state\/run.json has seen .* recorded events are missing$/,
  ],
  [
    'a summary of one byte more',
    () =>
      change(run.paths.runFile, (file) => ({ ...file, log_bytes: Number(file['log_bytes']) + 1 })),
    /^error state\/run.json has seen .* recorded events are missing$/,
  ],
])('finds %s', async (_name, harm, expected) => {
  harm();
  expect(await problems()).toEqual([expect.stringMatching(expected)]);
});

it.each<[string, () => void]>([
  [
    'a try of an assistant, which is in no log',
    () => mkdirSync(run.paths.controlDir('int-0123456789ab', 1), { recursive: true }),
  ],
  [
    'a temporary file of a process that lives',
    () => writeFileSync(path.join(run.paths.root, `.x.${process.pid}.0123abcd.tmp`), ''),
  ],
  [
    'a file of an editor in state/',
    () => writeFileSync(path.join(run.paths.stateDir, 'tasks', '.ask.json.swp'), ''),
  ],
  [
    'a summary of an earlier codex-orch, which wrote less',
    () =>
      change(run.paths.runFile, (file) =>
        Object.fromEntries(
          Object.entries(file).filter(([name]) => !/^(stopped|answered|worked_ms)$/.test(name)),
        ),
      ),
  ],
])('does not mind %s', async (_name, harm) => {
  harm();
  expect(await problems()).toEqual([]);
});

it('looks again while somebody holds the run', async () => {
  const writing = storeOf(programDir).write(run.paths.runId, 'test');
  if (!writing.ok) throw writing.refusal;
  const file = run.paths.taskFile('ask');
  cpSync(file, `${programDir}/whole`);
  writeFileSync(file, '{');
  const verifying = verifyRunDirectory(run.paths, { now: systemNow });
  cpSync(`${programDir}/whole`, file);
  expect(await verifying).toMatchObject({ ok: true });
  writing.writer.close();
});

it('--repair gives the run back, and says what it could not write', async () => {
  await verifyRunDirectory(run.paths, { repair: true, now: systemNow });
  expect(storeOf(programDir).holder(run.paths.runId)).toBeNull();
  rmSync(run.paths.inboxInterrupts, { recursive: true });
  writeFileSync(run.paths.inboxInterrupts, '');
  await expect(
    verifyRunDirectory(run.paths, { repair: true, now: systemNow }),
  ).rejects.toMatchObject({ code: 'inbox-missing' });
  expect(storeOf(programDir).holder(run.paths.runId)).toBeNull();
});
