import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replay } from '../../src/core/events/evolve.ts';
import type { Json } from '../../src/model/json.ts';
import { newEvent } from '../../src/core/state/recorder.ts';
import { EventLog } from '../../src/store/log/writer.ts';
import { eventLine } from '../../src/store/log/chain.ts';
import { sha256 } from '../../src/disk/sha256.ts';
import { newRunId, runPaths } from '../../src/store/layout.ts';
import { runDocument } from '../../src/app/run/run-document.ts';
import { listRunSummaries, readRunSummary } from '../../src/store/run-list.ts';
import { acquireRunLock } from '../../src/store/lock/run-lock.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { StateCache } from '../../src/store/cache/state-cache.ts';
import { verifyRunDirectory } from '../../src/store/verify/verify.ts';
import { countOpens } from '../support/file-opens.ts';
import {
  endOf,
  RESULT,
  sampleEvents,
  sampleReply,
  sampleRun,
  storeOf,
  systemNow,
  temporaryProgram,
  type SampleRun,
} from './sample-run.ts';

let program: { dir: string; remove: () => void };
let run: SampleRun;

beforeEach(() => {
  program = temporaryProgram();
  run = sampleRun(program.dir);
});
afterEach(() => program.remove());

/** Every file under `state/`, with its content. */
function stateFiles(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(run.paths.stateDir, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const file = path.join(entry.parentPath, entry.name);
    files[path.relative(run.paths.stateDir, file)] = readFileSync(file, 'utf8');
  }
  return files;
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

async function problems(): Promise<string[]> {
  const report = await verifyRunDirectory(run.paths, { now: systemNow });
  return report.problems.map(({ severity, where, message }) => `${severity} ${where} ${message}`);
}

describe('reading a run', () => {
  it('gives what its events say', () => {
    const state = viewRun(run.paths).state;
    expect(runDocument(program.dir, state)).toEqual(runDocument(program.dir, run.state));
    expect(runDocument(program.dir, state)).toEqual(runDocument(program.dir, replay(run.events)!));
  });

  it('prints the document of section 12', () => {
    const document = JSON.parse(
      JSON.stringify(runDocument(program.dir, viewRun(run.paths).state)),
    ) as object;
    expect(document).toMatchObject({
      id: run.paths.runId,
      format_version: 2,
      roots: ['build'],
      status: 'done',
      counts: { done: 2, failed: 0 },
      user_inputs: { topic: expect.stringContaining('🧵') },
      tasks: { ask: { id: 'ask' }, build: { id: 'build' } },
      input_scopes: {
        [run.state.baseScopeId]: {
          parent_input_scope_id: null,
          values: { topic: expect.any(String) },
          created_by_instance_id: null,
        },
      },
      instances: {
        [run.asker]: {
          task_id: 'ask',
          status: 'done',
          attempt: 2,
          session_id: 'session-1',
          published: [{ relative_path: 'final.md' }],
        },
      },
    });
    for (const key of ['created_at', 'updated_at', 'project', 'task_path_templates']) {
      expect(document).toHaveProperty(key);
    }
  });

  it('leaves a torn line alone, and refuses events that do not fit each other', () => {
    appendFileSync(run.paths.eventsLog, '{"seq": 99');
    const size = statSync(run.paths.eventsLog).size;
    expect(runDocument(program.dir, viewRun(run.paths).state)).toEqual(
      runDocument(program.dir, run.state),
    );
    expect(statSync(run.paths.eventsLog).size).toBe(size);
    const { runId } = run.paths;
    const { events } = sampleEvents(runId);
    const first = eventLine(events[0]!, '0'.repeat(64));
    const stray = newEvent(runId, 2, 'instance_done', 'nobody', '2026-01-01T00:00:00.000Z', {});
    writeFileSync(run.paths.eventsLog, `${first}\n${eventLine(stray, sha256(first))}\n`);
    expect(() => viewRun(run.paths).state).toThrow(/line 2 \(instance_done\) does not fit.*nobody/);
  });

  it('knows a run that never began', () => {
    const paths = runPaths(program.dir, newRunId(new Date().toISOString()));
    storeOf(program.dir).create(paths.runId);
    expect(() => storeOf(program.dir).create(paths.runId)).toThrow(/exists already/);
    expect(() => viewRun(paths).state).toThrow(/no event log/);
    writeFileSync(paths.eventsLog, '{"seq":1,');
    expect(() => viewRun(paths).state).toThrow(/never started/);
  });
});

describe('state/', () => {
  it('holds what the contract lists', () => {
    expect(Object.keys(stateFiles()).sort()).toEqual(
      [
        'run.json',
        'tasks/ask.json',
        'tasks/build.json',
        `inputs/${run.state.baseScopeId}.json`,
        ...[...run.state.instances.keys()].map((id) => `instances/${id}.json`),
        `results/${run.asker}.json`,
      ].sort(),
    );
    expect(read(run.paths.resultFile(run.asker))).toEqual(JSON.parse(RESULT));
    expect(read(run.paths.interruptFile('int-0123456789ab'))).toMatchObject({ status: 'applied' });
    expect(read(run.paths.runFile)).toMatchObject({ status: 'done', attention: 0 });
  });

  it('is written only where something changed', () => {
    const file = run.paths.instanceFile(run.asker);
    utimesSync(file, 1, 1);
    const log = EventLog.openForAppend(run.paths.eventsLog, { sync: false });
    const cache = StateCache.open(run.paths, run.state, endOf(run.paths));
    utimesSync(run.paths.runFile, 1, 1);
    expect(cache.flush(run.state, endOf(run.paths))).toBeNull();
    expect(statSync(run.paths.runFile).mtimeMs).toBe(1000);
    const { runId } = run.paths;
    const seq = run.state.seq + 1;
    const aborted = newEvent(runId, seq, 'run_aborted', null, '2026-01-03T00:00:00.000Z', {});
    const state = replay([...sampleEvents(runId).events, aborted])!;
    log.append([aborted]);
    cache.note(aborted);
    expect(cache.flush(state, endOf(run.paths))).toBeNull();
    expect(statSync(file).mtimeMs).toBe(1000);
    expect(read(run.paths.runFile)).toMatchObject({ status: 'failed', seq });
    log.close();
  });

  it('is caught up by the next engine from wherever the last one died', () => {
    const whole = stateFiles();
    const { events, state } = sampleEvents(run.paths.runId);
    for (let seen = 1; seen <= events.length; seen += 1) {
      rmSync(run.paths.stateDir, { recursive: true });
      rmSync(run.paths.eventsLog);
      const log = EventLog.create(run.paths.eventsLog, events.slice(0, seen), { sync: false });
      const before = replay(sampleEvents(run.paths.runId).events.slice(0, seen))!;
      const first = StateCache.open(run.paths, before, endOf(run.paths));
      expect(first.flush(before, endOf(run.paths))).toBeNull();
      expect(readRunSummary(run.paths).seq).toBe(seen);
      // Its events are in the log, and it dies before it writes what they changed.
      log.append(events.slice(seen));
      log.close();
      expect(readRunSummary(run.paths).seq).toBe(events.length);
      expect(
        StateCache.open(run.paths, state, endOf(run.paths)).flush(state, endOf(run.paths)),
      ).toBeNull();
      expect(stateFiles()).toEqual(whole);
    }
  });

  it.each<[string, () => void]>([
    ['gone', () => rmSync(run.paths.stateDir, { recursive: true })],
    ['without run.json', () => rmSync(run.paths.runFile)],
    ['garbled in run.json', () => writeFileSync(run.paths.runFile, '\0\0\0')],
    ['of another history', () => alter('log_head', 'f'.repeat(64))],
    ['ahead of the log', () => alter('log_bytes', 10_000_000)],
    ['at no line of the log', () => alter('log_bytes', statSync(run.paths.eventsLog).size - 5)],
  ])('%s is written anew by the next engine', (_name, harm) => {
    const whole = stateFiles();
    harm();
    expect(readRunSummary(run.paths).status).toBe('done');
    expect(
      StateCache.open(run.paths, run.state, endOf(run.paths)).flush(run.state, endOf(run.paths)),
    ).toBeNull();
    expect(stateFiles()).toEqual(whole);
  });

  function alter(key: string, value: unknown): void {
    const file = read(run.paths.runFile) as Record<string, unknown>;
    writeFileSync(run.paths.runFile, JSON.stringify({ ...file, [key]: value }));
  }

  it.each<[string, (file: string) => void]>([
    ['changed', (file) => writeFileSync(file, '{\n  "answer": 43\n}\n')],
    ['missing', (file) => rmSync(file)],
    ['truncated', (file) => truncateSync(file, 5)],
    ['emptied', (file) => writeFileSync(file, '')],
    ['replaced by a link', (file) => replaceBy(file, () => symlinkSync('run.json', file))],
    ['replaced by a directory', (file) => replaceBy(file, () => mkdirSync(file))],
    ['replaced by a pipe', (file) => replaceBy(file, () => execFileSync('mkfifo', [file]))],
  ])('has a result written anew that is asked for and was %s', (_name, harm) => {
    const whole = stateFiles();
    const cache = StateCache.open(run.paths, run.state, endOf(run.paths));
    harm(run.paths.resultFile(run.asker));
    cache.checkResult(run.asker, JSON.parse(RESULT) as Json);
    expect(cache.flush(run.state, endOf(run.paths))).toBeNull();
    expect(stateFiles()).toEqual(whole);
  });

  it('keeps a result that is asked for and is as it was', () => {
    const cache = StateCache.open(run.paths, run.state, endOf(run.paths));
    utimesSync(run.paths.resultFile(run.asker), 1, 1);
    cache.checkResult(run.asker, JSON.parse(RESULT) as Json);
    expect(cache.flush(run.state, endOf(run.paths))).toBeNull();
    expect(statSync(run.paths.resultFile(run.asker)).mtimeMs).toBe(1000);
  });

  function replaceBy(file: string, make: () => void): void {
    rmSync(file);
    make();
  }

  it('that cannot be written harms nothing: the reason is told, and the next flush tries again', () => {
    rmSync(run.paths.stateDir, { recursive: true });
    writeFileSync(run.paths.stateDir, 'in the way');
    const cache = StateCache.open(run.paths, run.state, endOf(run.paths));
    expect(cache.flush(run.state, endOf(run.paths))?.code).toBe('write-failed');
    rmSync(run.paths.stateDir);
    expect(cache.flush(run.state, endOf(run.paths))).toBeNull();
    expect(readRunSummary(run.paths).status).toBe('done');
  });
});

describe('a list of runs', () => {
  it('is true though an engine died, and names a damaged run without failing', () => {
    const second = sampleRun(program.dir, new Date(Date.now() + 2000));
    const third = sampleRun(program.dir, new Date(Date.now() + 4000));
    appendFileSync(second.paths.eventsLog, '{"torn');
    const text = readFileSync(third.paths.eventsLog, 'utf8');
    writeFileSync(third.paths.eventsLog, text.replace('"status":"ready"', '"status":"reedy"'));
    rmSync(third.paths.runFile);
    const listed = listRunSummaries(program.dir);
    expect(listed.map((each) => (each.ok ? each.summary.id : each.runId))).toEqual([
      third.paths.runId,
      second.paths.runId,
      run.paths.runId,
    ]);
    expect(listed.map((each) => (each.ok ? each.summary.status : each.refusal.code))).toEqual([
      'log-damaged',
      'done',
      'done',
    ]);
    const [, , first] = listed;
    expect(first?.ok && first.summary).not.toHaveProperty('log_bytes');
  });

  it('of many reads one small file each', () => {
    const log = readFileSync(run.paths.eventsLog, 'utf8');
    const summary = readFileSync(run.paths.runFile, 'utf8');
    for (let i = 0; i < 40; i += 1) {
      const paths = runPaths(
        program.dir,
        newRunId(new Date(1_700_000_000_000 + i * 1000).toISOString()),
      );
      mkdirSync(paths.stateDir, { recursive: true });
      writeFileSync(paths.eventsLog, log);
      writeFileSync(paths.runFile, summary.replaceAll(run.paths.runId, paths.runId));
    }
    const opens = countOpens('');
    try {
      expect(listRunSummaries(program.dir).filter(({ ok }) => ok)).toHaveLength(41);
      expect(opens.count()).toBe(41);
    } finally {
      opens.stop();
    }
  });
});

describe('run verify', () => {
  it('finds nothing wrong with a sound run, and counts what it looked at', async () => {
    const report = await verifyRunDirectory(run.paths, { now: systemNow });
    expect(report).toMatchObject({
      run_id: run.paths.runId,
      ok: true,
      problems: [],
      repaired: false,
      log: { events: run.events.length, torn_bytes: 0 },
      checked: { state_files: 7, program_files: 1, artifacts: 1, results: 1 },
    });
  });

  it.each<[string, () => void, RegExp]>([
    [
      'a changed field',
      () => edit(run.paths.instanceFile(run.asker), '"done"', '"failed"'),
      /^error state\/instances\/ask-.*json status: the file says "failed", the log "done"$/,
    ],
    [
      'a garbled file',
      () => writeFileSync(run.paths.taskFile('ask'), '{'),
      /^error state\/tasks\/ask.json cannot be read/,
    ],
    [
      'a missing file',
      () => rmSync(run.paths.inputsFile(run.state.baseScopeId)),
      /^error state\/inputs\/scope-.*\.json is missing$/,
    ],
    [
      'another result in state/',
      () => edit(run.paths.resultFile(run.asker), '42', '43'),
      /^error state\/results\/ask-.* is not the result that the log recorded$/,
    ],
    [
      'another result in the attempt',
      () => edit(attemptResult(), '42', '43'),
      /^error instances\/ask-.*\/attempts\/0002\/result.json has been changed: SHA-256/,
    ],
    [
      'a summary that lies',
      () => edit(run.paths.runFile, '"status": "done"', '"status": "failed"'),
      /^error state\/run.json status: the file says "failed", the log "done"$/,
    ],
    [
      'state/ that a crash left unwritten',
      () => rmSync(run.paths.stateDir, { recursive: true }),
      /^warning state\/run.json is missing: .* the next engine, or --repair, writes it$/,
    ],
    [
      'a frozen prompt',
      () => appendFileSync(path.join(run.paths.programDir, 'prompts/ask.md'), '.'),
      /^error program\/prompts\/ask.md has been changed/,
    ],
    [
      'an artifact',
      () => rmSync(path.join(run.paths.publishedDir(run.asker), 'final.md')),
      /^error instances\/ask-.*\/published\/final.md is missing$/,
    ],
    [
      'an interrupt record',
      () => edit(run.paths.interruptFile('int-0123456789ab'), '"applied"', '"open"'),
      /^warning inbox\/interrupts\/int-.*status: the file says "open", the log "applied"$/,
    ],
    [
      'a second thought',
      () =>
        writeFileSync(
          run.paths.replyFile('int-0123456789ab'),
          JSON.stringify(sampleReply('int-0123456789ab', { text: 'right' })),
        ),
      /^warning inbox\/replies\/.*log's reply stands: text: the file says "right", the log "left"$/,
    ],
    [
      'a stray state file',
      () => writeFileSync(run.paths.taskFile('other'), '{}'),
      /^warning state\/tasks\/other.json follows from nothing in the log$/,
    ],
    [
      'an unknown instance',
      () => mkdirSync(run.paths.instanceDir('ask-ffffffff')),
      /^warning instances\/ask-ffffffff belongs to no instance/,
    ],
    [
      'an unknown attempt',
      () => mkdirSync(run.paths.attemptDir(run.asker, 3)),
      /^warning instances\/ask-.*\/attempts\/0003 is no attempt of the log$/,
    ],
    [
      'a temporary file',
      () => writeFileSync(path.join(run.paths.root, '.x.json.999999999.0123abcd.tmp'), ''),
      /^info \.x\.json.* left by a process that died/,
    ],
    [
      'a torn line',
      () => appendFileSync(run.paths.eventsLog, '{"seq":'),
      /^warning events.jsonl ends in a torn line of 7 bytes/,
    ],
    [
      'a missing end',
      () => truncateSync(run.paths.eventsLog, previousLineEnd()),
      /^error state\/run.json has seen \d+ events .* recorded events are missing$/,
    ],
    [
      'a last line changed',
      () => edit(run.paths.eventsLog, /"created_at":"2026([^\n]*\n)$/, '"created_at":"2027$1'),
      /^error events.jsonl, line \d+ is not the line that state\/run.json recorded/,
    ],
    [
      'a line changed',
      () => edit(run.paths.eventsLog, '"status":"ready"', '"status":"reedy"'),
      /^error events.jsonl, line 2 does not follow line 1/,
    ],
  ])('finds %s', async (_name, harm, expected) => {
    harm();
    const found = await problems();
    expect(
      found.filter((each) => expected.test(each)),
      found.join('\n'),
    ).toHaveLength(1);
    const report = await verifyRunDirectory(run.paths, { now: systemNow });
    expect(report.ok).toBe(!expected.source.startsWith('^error'));
  });

  function edit(file: string, from: string | RegExp, to: string): void {
    const before = readFileSync(file, 'utf8');
    const after = before.replace(from, to);
    expect(after).not.toBe(before);
    writeFileSync(file, after);
  }

  function attemptResult(): string {
    return path.join(run.paths.attemptDir(run.asker, 2), 'result.json');
  }

  function previousLineEnd(): number {
    const bytes = readFileSync(run.paths.eventsLog);
    return bytes.lastIndexOf(10, bytes.length - 2) + 1;
  }

  it('does not mind a state/ that lags, as after a crash, but says so', async () => {
    const { events, state } = sampleEvents(run.paths.runId);
    rmSync(run.paths.stateDir, { recursive: true });
    rmSync(run.paths.eventsLog);
    const log = EventLog.create(run.paths.eventsLog, events.slice(0, 9), { sync: false });
    const before = replay(sampleEvents(run.paths.runId).events.slice(0, 9))!;
    StateCache.open(run.paths, before, endOf(run.paths)).flush(before, endOf(run.paths));
    log.append(events.slice(9));
    log.close();
    const report = await verifyRunDirectory(run.paths, { now: systemNow });
    expect(report.problems).toEqual([
      {
        severity: 'warning',
        where: 'state/run.json',
        message: expect.stringContaining(`is behind the log: event 9 of ${events.length}`),
      },
    ]);
    StateCache.open(run.paths, state, endOf(run.paths)).flush(state, endOf(run.paths));
    expect((await verifyRunDirectory(run.paths, { now: systemNow })).problems).toEqual([]);
  });

  it('--repair writes state/ anew, and nothing else', async () => {
    const whole = stateFiles();
    rmSync(run.paths.inputsFile(run.state.baseScopeId));
    writeFileSync(run.paths.taskFile('other'), '{}');
    writeFileSync(run.paths.runFile, '{}');
    appendFileSync(run.paths.eventsLog, '{"torn');
    const frozen = path.join(run.paths.programDir, 'prompts/ask.md');
    writeFileSync(frozen, 'changed');
    const report = await verifyRunDirectory(run.paths, { repair: true, now: systemNow });
    expect(report).toMatchObject({ repaired: true, ok: false });
    expect(report.problems.map(({ where }) => where)).toEqual(['program/prompts/ask.md']);
    expect(stateFiles()).toEqual(whole);
    expect(readFileSync(frozen, 'utf8')).toBe('changed');
  });

  it('--repair touches nothing where the log is damaged, or an engine lives', async () => {
    rmSync(run.paths.runFile);
    const claim = acquireRunLock(run.paths, { command: 'run start', now: systemNow });
    await expect(verifyRunDirectory(run.paths, { repair: true, now: systemNow })).rejects.toThrow(
      /driven by "run start"/,
    );
    if (claim.ok) claim.lock.release();
    edit(run.paths.eventsLog, '"status":"ready"', '"status":"reedy"');
    const before = readFileSync(run.paths.eventsLog);
    expect(await verifyRunDirectory(run.paths, { repair: true, now: systemNow })).toMatchObject({
      repaired: false,
      ok: false,
      log: { events: 1, head: null },
    });
    expect(existsSync(run.paths.runFile)).toBe(false);
    expect(readFileSync(run.paths.eventsLog)).toEqual(before);
  });
});
