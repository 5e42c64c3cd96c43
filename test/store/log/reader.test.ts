/** What is at the end of a log, and who looks at it: places where a single check stands between a reader and a lie. */
import { execFileSync } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import fs, {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  truncateSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events/events.ts';
import { newEvent } from '../../../src/core/state/recorder.ts';
import { sha256 } from '../../../src/disk/sha256.ts';
import { Refusal } from '../../../src/model/refusal.ts';
import { CHAIN_START, eventLine } from '../../../src/store/log/chain.ts';
import { followLog, LogWatch } from '../../../src/store/log/follow.ts';
import { scanLog } from '../../../src/store/log/reader.ts';
import { EventLog } from '../../../src/store/log/writer.ts';
import { runPaths, type RunPaths } from '../../../src/store/layout.ts';
import { sampleEvents, sampleRun, temporaryProgram } from '../sample-run.ts';

const RUN = '20260102030405-0123abcd';
let programDir = '';
let paths: RunPaths;
let remove: () => void;

beforeEach(() => {
  ({ dir: programDir, remove } = temporaryProgram());
  paths = runPaths(programDir, RUN);
  mkdirSync(paths.root, { recursive: true });
});
afterEach(() => remove());

/** The lines of events, each with its newline. */
function lines(events: readonly RunEvent[]): Buffer[] {
  let prev = CHAIN_START;
  return events.map((event) => {
    const line = eventLine(event, prev);
    prev = sha256(line);
    return Buffer.from(`${line}\n`);
  });
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

const read = (): string => codeOf(() => scanLog(paths.eventsLog, () => undefined));

describe('the last line, which no other vouches for', () => {
  it('must have its own event_id', () => {
    const { events } = sampleEvents(RUN);
    const [first, second] = events as [RunEvent, RunEvent];
    const forged = { ...second, event_id: '000002-run_aborted' };
    writeFileSync(paths.eventsLog, Buffer.concat(lines([first, forged])));
    expect(read()).toMatch(/line 2 has event_id "000002-run_aborted"/);
  });

  it.each<[object, RegExp]>([
    [{ run_id: '' }, /line 2 has no run_id/],
    [{ instance_id: 7 }, /line 2 has no instance_id/],
    [{ created_at: null }, /line 2 has no created_at/],
  ])('must say %j otherwise', (change, wrong) => {
    const { events } = sampleEvents(RUN);
    const [first, second] = events as [RunEvent, RunEvent];
    writeFileSync(paths.eventsLog, Buffer.concat(lines([first, { ...second, ...change }])));
    expect(read()).toMatch(wrong);
  });

  it('starts a chain where it is the first', () => {
    const { events } = sampleEvents(RUN);
    writeFileSync(paths.eventsLog, `${eventLine(events[0]!, 'f'.repeat(64))}\n`);
    expect(read()).toMatch(/line 1 does not start a chain/);
  });

  it('must be UTF-8', () => {
    const { events } = sampleEvents(RUN);
    const written = lines(events.slice(0, 2));
    const last = written[1] as Buffer;
    last[last.indexOf('zeilen')] = 0xff;
    writeFileSync(paths.eventsLog, Buffer.concat(written));
    expect(read()).toMatch(/line 2 is not UTF-8/);
  });

  it('is not torn where something follows it', () => {
    const written = Buffer.concat(lines(sampleEvents(RUN).events.slice(0, 2)));
    writeFileSync(paths.eventsLog, Buffer.concat([written, Buffer.from('{"seq":3,"ev\nxx')]));
    expect(read()).toMatch(/line 3 is not JSON/);
  });
});

describe('the writer', () => {
  it('gives a result that came with the first events', () => {
    const { events, asker } = sampleEvents(RUN);
    const log = EventLog.create(paths.eventsLog, events, { sync: false });
    expect(log.result(asker)).toMatchObject({ attempt: 2, value: { answer: 42 } });
    log.close();
  });

  it('takes nothing more once the log was changed or cut under it, or is closed', () => {
    const { events } = sampleEvents(RUN);
    const rest = events.slice(3, 4);
    for (const harm of ['changed', 'cut', 'gone']) {
      rmSync(paths.eventsLog, { force: true });
      const log = EventLog.create(paths.eventsLog, events.slice(0, 3), { sync: false });
      const { bytes } = log.position;
      if (harm === 'changed') appendFileSync(paths.eventsLog, 'x');
      else if (harm === 'cut') truncateSync(paths.eventsLog, bytes - 1);
      else rmSync(paths.eventsLog);
      const code = harm === 'gone' ? /^run-gone/ : /^log-changed/;
      expect(codeOf(() => log.append(rest))).toMatch(code);
      if (harm === 'changed') truncateSync(paths.eventsLog, bytes);
      expect(codeOf(() => log.append(rest))).toMatch(code);
      log.close();
    }
    const log = EventLog.create(paths.eventsLog, events.slice(0, 3), { sync: false });
    const ofOther = { ...events[3]!, run_id: 'other' };
    expect(() => log.append([ofOther])).toThrow(/event of run other/);
    log.close();
    expect(codeOf(() => log.append(rest))).toMatch(/^log-closed/);
  });

  it.each([
    ['event', ({ seq }: RunEvent) => ({ seq: seq + 1 })],
    ['instance', () => ({ instance_id: 'another-00000000' })],
  ])('gives no result from a line that one of another %s has taken the place of', (_of, change) => {
    const { events, asker } = sampleEvents(RUN);
    const log = EventLog.create(paths.eventsLog, events, { sync: false });
    const written = lines(events);
    const at = events.findIndex((event) => event.event_type === 'result_materialized');
    const other = JSON.parse(String(written[at])) as RunEvent;
    written[at] = Buffer.from(`${JSON.stringify({ ...other, ...change(other) })}\n`);
    writeFileSync(paths.eventsLog, Buffer.concat(written));
    expect(codeOf(() => log.result(asker))).toMatch(/has been changed while the log was in use/);
    log.close();
  });

  it('takes nothing more where what did fit on a full disk cannot be cut off again', () => {
    const { events } = sampleEvents(RUN);
    const log = EventLog.create(paths.eventsLog, events.slice(0, 3), { sync: false });
    const { writeSync, ftruncateSync } = fs;
    const refusing = (code: string) => () => {
      throw Object.assign(new Error(code), { code });
    };
    try {
      Object.assign(fs, { writeSync: refusing('ENOSPC'), ftruncateSync: refusing('EIO') });
      syncBuiltinESMExports();
      expect(codeOf(() => log.append(events.slice(3, 4)))).toMatch(/^disk-full/);
    } finally {
      Object.assign(fs, { writeSync, ftruncateSync });
      syncBuiltinESMExports();
    }
    expect(codeOf(() => log.append(events.slice(3, 4)))).toMatch(/^disk-full/);
    log.close();
  });
});

describe.skipIf(!existsSync('/proc/self/fd'))(
  'a log that is refused is left open by nobody:',
  () => {
    it.each<[string, () => unknown, RegExp]>([
      [
        'one that is damaged',
        () => {
          const [first, second] = lines(sampleEvents(RUN).events) as [Buffer, Buffer];
          writeFileSync(paths.eventsLog, Buffer.concat([second, first]));
        },
        /^log-damaged/,
      ],
      ['a pipe', () => execFileSync('mkfifo', [paths.eventsLog]), /no regular file/],
    ])('%s', (_name, lay, refused) => {
      lay();
      const open = (): number => readdirSync('/proc/self/fd').length;
      const before = open();
      for (let time = 0; time < 20; time += 1) {
        expect(read()).toMatch(refused);
        expect(codeOf(() => EventLog.openForAppend(paths.eventsLog))).toMatch(refused);
      }
      expect(open()).toBeLessThan(before + 10);
    });

    it('a directory', () => {
      mkdirSync(paths.eventsLog);
      expect(read()).toMatch(/^log-unreadable: .* is no regular file/);
    });
  },
);

describe('whoever follows a log', () => {
  async function follow(of: RunPaths, after = 0): Promise<{ seqs: number[]; ended: string }> {
    const seqs: number[] = [];
    const abort = new AbortController();
    try {
      for await (const batch of followLog(of, after, abort.signal)) {
        seqs.push(...batch.map(({ seq }) => seq));
        if (batch.length === 0) abort.abort();
      }
      return { seqs, ended: 'told' };
    } catch (error) {
      if (error instanceof Refusal) return { seqs, ended: error.message };
      throw error;
    }
  }

  it('is shown what is sound, then what is not', async () => {
    const written = lines(sampleEvents(RUN).events);
    const [first, second] = written as [Buffer, Buffer];
    writeFileSync(paths.eventsLog, Buffer.concat([first, second, second]));
    const { seqs, ended } = await follow(paths);
    expect(seqs).toEqual([1, 2]);
    expect(ended).toMatch(/line 3 has seq 2, not 3/);
  });

  it('is shown what comes after the event that it names', async () => {
    writeFileSync(paths.eventsLog, Buffer.concat(lines(sampleEvents(RUN).events)));
    expect((await follow(paths, 2)).seqs[0]).toBe(3);
  });

  it('is told that a log is empty', async () => {
    writeFileSync(paths.eventsLog, '');
    expect((await follow(paths)).ended).toMatch(/never started/);
  });

  it('is told that events are missing', async () => {
    const run = sampleRun(programDir);
    const written = lines(run.events).slice(0, -1);
    writeFileSync(run.paths.eventsLog, Buffer.concat(written));
    const { seqs, ended } = await follow(run.paths);
    expect(seqs).toHaveLength(written.length);
    expect(ended).toMatch(/Events are missing/);
  });

  it('is given a log of thousands in parts', async () => {
    const { events } = sampleEvents(RUN);
    const more = Array.from({ length: 2500 }, (_, index) =>
      newEvent(RUN, events.length + index + 1, 'proposal_dropped', null, events[0]!.created_at, {
        interrupt_id: 'int-0123456789ab',
        reason: 'none',
        proposal: null,
      }),
    );
    writeFileSync(paths.eventsLog, Buffer.concat(lines([...events, ...more])));
    const sizes: number[] = [];
    const abort = new AbortController();
    for await (const batch of followLog(paths, 0, abort.signal)) {
      if (batch.length === 0) abort.abort();
      else sizes.push(batch.length);
    }
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(events.length + 2500);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
  });

  it('is woken once by a change that came while nobody waited', async () => {
    writeFileSync(paths.eventsLog, '');
    const watched = new LogWatch(paths);
    const ours = watch(paths.root);
    const told = once(ours, 'change');
    appendFileSync(paths.eventsLog, 'x');
    await told;
    await watched.changed(600_000, new AbortController().signal);
    ours.close();

    // By that change once: then there is none to be told of.
    const abort = new AbortController();
    let isWoken = false;
    const woken = watched.changed(600_000, abort.signal).then(() => (isWoken = true));
    for (let turn = 0; turn < 2; turn += 1) await setImmediate();
    expect(isWoken).toBe(false);
    abort.abort();
    await woken;
    watched.close();
  });

  it('leaves nobody who listens', async () => {
    const watchers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;
    // One that was just closed is gone after the loop has turned.
    for (let turn = 0; turn < 2; turn += 1) await setImmediate();
    const before = watchers();
    const abort = new AbortController();
    writeFileSync(paths.eventsLog, Buffer.concat(lines(sampleEvents(RUN).events)));
    let looks = 0;
    for await (const batch of followLog(paths, 0, abort.signal)) {
      expect(watchers()).toBe(before + 1);
      if (batch.length > 0) continue;
      expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
      if ((looks += 1) === 3) break;
    }
    await expect.poll(watchers, { timeout: 20_000 }).toBe(before);
  });
});
