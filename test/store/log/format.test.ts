/** The version of a run's format: which events may stand in its log, and what is said of one that is none. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events/events.ts';
import { newEvent } from '../../../src/core/state/recorder.ts';
import { sha256 } from '../../../src/disk/sha256.ts';
import { FORMAT_VERSION } from '../../../src/model/run.ts';
import { Refusal } from '../../../src/model/refusal.ts';
import { readRunFile } from '../../../src/store/cache/run-file.ts';
import { CHAIN_START, eventLine } from '../../../src/store/log/chain.ts';
import { runPaths, type RunPaths } from '../../../src/store/layout.ts';
import { EventLog } from '../../../src/store/log/writer.ts';
import { readRunSummary } from '../../../src/store/run-list.ts';
import { sampleEvents, samplePlan, storeOf, temporaryProgram } from '../sample-run.ts';

const RUN = '20260102030405-0123abcd';
const NOW = '2026-01-02T03:04:05.000Z';
let paths: RunPaths;
let programDir = '';
let remove: () => void;

beforeEach(() => {
  const program = temporaryProgram();
  ({ dir: programDir, remove } = program);
  paths = runPaths(programDir, RUN);
  mkdirSync(paths.root, { recursive: true });
});
afterEach(() => remove());

function created(formatVersion: unknown): RunEvent {
  const plan = { ...samplePlan(), format_version: formatVersion as number };
  return newEvent(RUN, 1, 'run_created', null, NOW, plan);
}

function closed(seq: number): RunEvent {
  const payload = { interrupt_id: 'int-0123456789ab', reason: 'run_aborted' } as const;
  return newEvent(RUN, seq, 'interrupt_closed', null, NOW, payload);
}

/** Lines as another program could have written them. */
function lay(...events: RunEvent[]): void {
  let prev = CHAIN_START;
  const lines = events.map((event) => {
    const line = eventLine(event, prev);
    prev = sha256(line);
    return `${line}\n`;
  });
  writeFileSync(paths.eventsLog, lines.join(''));
}

function refusal(): Refusal {
  try {
    storeOf(programDir).view(RUN);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the format of a log', () => {
  it.each(['2', 1.5, 2.5, -1, 0, null, undefined, [2], {}, true, Number.MAX_VALUE])(
    '%j is none',
    (version) => {
      lay(created(version));
      expect(refusal()).toMatchObject({ code: 'log-damaged', data: { line: 1 } });
      expect(refusal().message).toContain('line 1 has no valid format_version');
    },
  );

  it.each([FORMAT_VERSION + 1, 2e9])('%j is newer, whatever else the log says', (version) => {
    lay(created(version), newEvent(RUN, 2, 'instance_thawed' as 'run_aborted', null, NOW, {}));
    expect(refusal().code).toBe('format-newer');
    expect(refusal().message).toContain(`has format version ${version} (codex-orch 1.0.0)`);
  });

  it('has no events that only a later one brought', () => {
    lay(created(1), closed(2));
    expect(refusal().code).toBe('log-damaged');
    expect(refusal().message).toContain(
      'line 2 is interrupt_closed, which runs of format version 1 do not have',
    );
  });

  it.each([1, 2])('an event that none has is damage in a run of version %i', (version) => {
    lay(created(version), newEvent(RUN, 2, 'instance_thawed' as 'run_aborted', null, NOW, {}));
    expect(refusal().message).toContain('line 2 has the unknown event_type "instance_thawed"');
  });
});

describe('the writer', () => {
  it.each([false, true])('takes no event newer than its run (opened anew: %s)', (anew) => {
    let log = EventLog.create(paths.eventsLog, [created(1)], { sync: false });
    if (anew) {
      log.close();
      log = EventLog.openForAppend(paths.eventsLog, { sync: false });
    }
    expect(() => log.append([closed(2)])).toThrow(/000002-interrupt_closed .* format 1/);
    log.append([newEvent(RUN, 2, 'run_aborted', null, NOW, {})]);
    log.close();
    expect(storeOf(programDir).view(RUN).state.seq).toBe(2);
  });

  it('takes one of its run’s own version', () => {
    const log = EventLog.create(paths.eventsLog, [created(2)], { sync: false });
    log.append([closed(2)]);
    expect(log.position).toMatchObject({ seq: 2, formatVersion: 2 });
    log.close();
  });
});

describe('state/run.json', () => {
  it.each([1, 2])('of a run of version %i is read, and tells it', (version) => {
    const { events, state } = sampleEvents(RUN, version);
    const run = storeOf(path.join(programDir, 'other')).create(RUN);
    run.begin(events, state);
    expect(readRunFile(run.paths)?.format_version).toBe(version);
    expect(readRunSummary(run.paths)).toMatchObject({ format_version: version, status: 'done' });
  });
});
