import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events/events.ts';
import { newEvent } from '../../../src/core/state/recorder.ts';
import { Refusal } from '../../../src/model/refusal.ts';
import { sha256 } from '../../../src/disk/sha256.ts';
import { EventLog } from '../../../src/store/log/writer.ts';
import { CHAIN_START, eventLine } from '../../../src/store/log/chain.ts';
import { scanLog, type LogEnd } from '../../../src/store/log/reader.ts';
import { bundle } from '../bundle.ts';
import { cases } from '../../support/cases.ts';
import { sampleEvents, samplePlan, temporaryProgram } from '../sample-run.ts';

const RUN = '20260102030405-0123abcd';
let dir = '';
let file = '';
let removeDir: () => void;

beforeEach(() => {
  const program = temporaryProgram();
  removeDir = program.remove;
  dir = path.join(program.dir, '.runs', RUN);
  mkdirSync(dir, { recursive: true });
  file = path.join(dir, 'events.jsonl');
});
afterEach(() => removeDir());

function write(events: RunEvent[]): Buffer {
  EventLog.create(file, events, { sync: false }).close();
  return readFileSync(file);
}

function read(): { events: RunEvent[]; end: LogEnd } {
  const events: RunEvent[] = [];
  const end = scanLog(file, (event) => void events.push(event));
  return { events, end };
}

function refusal(work: () => unknown): Refusal {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Offsets just after each newline, from 0. */
function lineEnds(bytes: Buffer): number[] {
  const ends = [0];
  for (let i = 0; i < bytes.length; i += 1) if (bytes[i] === 10) ends.push(i + 1);
  return ends;
}

function created(): RunEvent {
  return newEvent(RUN, 1, 'run_created', null, '2026-01-02T03:04:05.000Z', samplePlan());
}

function aborted(seq: number): RunEvent {
  return newEvent(RUN, seq, 'run_aborted', null, '2026-01-02T03:04:06.000Z', {});
}

/** Of the bytes that are cut or changed, each is only tried before a change lands. */
const every = cases({ fewest: 13, few: 1, many: 1 });

describe('what is written', () => {
  it('reads back as it was, with the fields in order and each line naming the one before', () => {
    const { events } = sampleEvents(RUN);
    const bytes = write(events);
    expect(read().events).toEqual(events);
    let prev = CHAIN_START;
    for (const line of bytes.toString('utf8').trimEnd().split('\n')) {
      const value = JSON.parse(line) as Record<string, unknown>;
      expect(Object.keys(value)).toEqual(
        'seq event_id event_type run_id instance_id created_at payload prev'.split(' '),
      );
      expect(value['prev']).toBe(prev);
      prev = sha256(line);
    }
  });

  it('continues the chain after reopening, and tells the place to go on from', () => {
    const { events } = sampleEvents(RUN);
    write(events.slice(0, 3));
    const place = read().end;
    const seen: RunEvent[] = [];
    const log = EventLog.openForAppend(file, { visit: (event) => void seen.push(event) });
    expect(seen).toEqual(events.slice(0, 3));
    log.append(events.slice(3, 5));
    log.append(events.slice(5));
    expect(log.position).toMatchObject({ seq: events.length, bytes: statSync(file).size });
    log.close();
    const rest: RunEvent[] = [];
    scanLog(file, (event) => void rest.push(event), { after: place });
    expect(rest).toEqual(events.slice(3));
    expect(read().events).toEqual(events);
  });

  it('reads lines longer than a chunk', () => {
    const plan = { ...samplePlan(), user_inputs: { big: 'x'.repeat(700_000) } };
    const big = newEvent(RUN, 1, 'run_created', null, '2026-01-02T03:04:05.000Z', plan);
    write([big, aborted(2)]);
    expect(read().events).toEqual([big, aborted(2)]);
  });

  it('does not start a log over another', () => {
    write([created()]);
    expect(refusal(() => EventLog.create(file, [created()])).code).toBe('run-exists');
  });

  it('takes a gap in the numbers for a defect, and writes nothing', () => {
    const before = write([created()]);
    const log = EventLog.openForAppend(file);
    expect(() => log.append([aborted(2), aborted(4)])).toThrow(/does not follow/);
    expect(readFileSync(file)).toEqual(before);
    log.append([aborted(2)]);
    log.close();
  });

  it('flushes while other work goes on, and takes nothing else meanwhile', async () => {
    write([created()]);
    const log = EventLog.openForAppend(file);
    const flushed = log.appendAsync([aborted(2)]);
    expect(log.position.seq).toBe(1);
    expect(() => log.append([aborted(3)])).toThrow(/two appends/);
    await expect(log.appendAsync([aborted(3)])).rejects.toThrow(/two appends/);
    await flushed;
    expect(log.position.seq).toBe(2);
    log.append([aborted(3)]);
    log.close();
    expect(read().events).toHaveLength(3);
  });

  it('hands out a result that it is still flushing', async () => {
    write([created()]);
    const log = EventLog.openForAppend(file);
    const payload = { attempt: 1, sha256: sha256('{"left":3}'), result: { left: 3 } };
    const at = '2026-01-02T03:04:05.000Z';
    const result = newEvent(RUN, 2, 'result_materialized', 'a-00000001', at, payload);
    const flushed = log.appendAsync([result]);
    const { attempt, sha256: hash, result: value } = payload;
    expect(log.result('a-00000001')).toEqual({ attempt, sha256: hash, value });
    await flushed;
    log.close();
  });

  it('notices a second writer', () => {
    write([created()]);
    const first = EventLog.openForAppend(file);
    const second = EventLog.openForAppend(file);
    second.append([aborted(2)]);
    expect(refusal(() => first.append([aborted(2)])).code).toBe('log-changed');
    expect(read().events).toHaveLength(2);
    first.close();
    second.close();
  });
});

describe('a crash', () => {
  it('at any byte leaves every whole event, and a log that goes on', () => {
    const { events } = sampleEvents(RUN);
    const bytes = write(events.slice(0, 4));
    const ends = lineEnds(bytes);
    for (let cut = bytes.length; cut >= 0; cut -= every) {
      truncateSync(file, cut);
      const whole = ends.filter((end) => end <= cut).length - 1;
      const { events: found, end } = read();
      if (found.length !== whole || end.bytes !== ends[whole]) expect.fail(`cut at ${cut}`);
      expect(end.tornBytes).toBe(cut - (ends[whole] ?? 0));
    }
    for (const cut of [...ends, ...ends.map((end) => end - 1), 1, ends[2]! + 7]) {
      if (cut < 0) continue;
      writeFileSync(file, bytes.subarray(0, cut));
      const whole = ends.filter((end) => end <= cut).length - 1;
      const log = EventLog.openForAppend(file, { sync: false });
      expect(log.tornBytes).toBe(cut - (ends[whole] ?? 0));
      log.append(events.slice(whole));
      log.close();
      expect(read().events).toEqual(events);
    }
  });

  it('may leave a hole where a block was not written, or a line cut by a newline', () => {
    const bytes = write([created(), aborted(2)]);
    const lastStart = lineEnds(bytes).at(-2) ?? 0;
    const hole = Buffer.from(bytes);
    hole.fill(0, lastStart + 5, lastStart + 40);
    for (const tail of [
      hole.subarray(lastStart),
      Buffer.alloc(512),
      '{"seq":2,"event_id":"0000\n',
      '{"seq"\n',
      'x',
    ]) {
      writeFileSync(file, bytes.subarray(0, lastStart));
      appendFileSync(file, tail);
      const { events, end } = read();
      expect(events).toEqual([created()]);
      expect(end.tornBytes).toBe(tail.length);
    }
  });

  it('is not what a reader sees who comes while a line is being written', () => {
    const bytes = write([created(), aborted(2)]);
    truncateSync(file, bytes.length - 10);
    expect(read().events).toEqual([created()]);
    expect(statSync(file).size).toBe(bytes.length - 10);
  });
});

describe('damage', () => {
  it('of any single byte before the last line is found, with its line', () => {
    const { events } = sampleEvents(RUN);
    const bytes = write(events.slice(0, 4));
    const lastStart = lineEnds(bytes).at(-2) ?? 0;
    for (let at = 0; at < lastStart; at += every) {
      for (const mask of at % 16 === 0 ? [0x01, 0x20, 0xff] : [0x01]) {
        const copy = Buffer.from(bytes);
        copy[at] = copy[at]! ^ mask;
        writeFileSync(file, copy);
        const found = refusal(() => read());
        const line = lineEnds(bytes).filter((end) => end <= at).length;
        const { line: named } = (found.data ?? {}) as { line: number };
        if (found.code === 'format-newer') continue; // a flipped digit of format_version
        if (found.code !== 'log-damaged' || named < line || named > line + 1) {
          expect.fail(`byte ${at}: ${found.message}`);
        }
      }
    }
  });

  it('of a byte of the last line is never taken for a torn line', () => {
    const bytes = write([created(), aborted(2)]);
    const lastStart = lineEnds(bytes).at(-2) ?? 0;
    let torn = 0;
    for (let at = lastStart; at < bytes.length; at += 1) {
      const copy = Buffer.from(bytes);
      copy[at] = copy[at]! ^ 0x04;
      writeFileSync(file, copy);
      try {
        if (read().end.tornBytes > 0) torn += 1;
      } catch (error) {
        expect((error as Refusal).code).toBe('log-damaged');
      }
    }
    expect(torn).toBe(0);
  });

  it.each<[string, (lines: string[]) => string[], RegExp]>([
    ['a line gone', (lines) => [lines[0]!, lines[2]!], /line 2 has seq 3, not 2/],
    ['a line twice', (lines) => [lines[0]!, lines[1]!, lines[1]!], /line 3 has seq 2, not 3/],
    ['an empty line', (lines) => [lines[0]!, '', lines[1]!], /line 2 is not JSON/],
    ['no beginning', (lines) => lines.slice(1), /line 1 has seq 2/],
    [
      'another run',
      (lines) => [lines[0]!, relink(lines[0]!, { ...aborted(2), run_id: 'other' })],
      /line 2 belongs to run other/,
    ],
    [
      'an unknown type',
      (lines) => [lines[0]!, relink(lines[0]!, { ...aborted(2), event_type: 'toString' } as never)],
      /unknown event_type "toString"/,
    ],
    [
      'a second run_created',
      (lines) => [lines[0]!, relink(lines[0]!, { ...created(), seq: 2 })],
      /second run_created/,
    ],
    [
      'a missing payload',
      (lines) => [lines[0]!, relink(lines[0]!, { ...aborted(2), payload: null } as never)],
      /line 2 has no payload/,
    ],
  ])('%s', (_name, change, message) => {
    const { events } = sampleEvents(RUN);
    const lines = write(events.slice(0, 3)).toString('utf8').trimEnd().split('\n');
    const damaged = change(lines).map((line) => `${line}\n`);
    writeFileSync(file, damaged.join(''));
    const found = refusal(() => read());
    expect(found.code).toBe('log-damaged');
    expect(found.message).toMatch(message);
    expect(found.message).toContain(file);
    expect(found.hint).toContain('codex-orch run verify');
    expect(refusal(() => EventLog.openForAppend(file)).code).toBe('log-damaged');
    expect(readFileSync(file, 'utf8')).toBe(damaged.join(''));
  });

  it('is not guessed over where a whole line follows', () => {
    const bytes = write([created(), aborted(2)]);
    writeFileSync(file, Buffer.concat([Buffer.from('{"seq":1,"eve\n'), bytes]));
    expect(refusal(() => read()).code).toBe('log-damaged');
  });

  it('a run of a newer format is refused for what it is', () => {
    const plan = { ...samplePlan(), format_version: 3, tool_version: '3.1.0', novelty: true };
    const event = newEvent(RUN, 1, 'run_created', null, '2026-01-02T03:04:05.000Z', plan);
    writeFileSync(file, `${eventLine(event, 'another kind of chain')}\n`);
    const found = refusal(() => read());
    expect(found.code).toBe('format-newer');
    expect(found.message).toMatch(/format version 3 \(codex-orch 3\.1\.0\).*up to version 2/);
  });

  it('a log of another run than asked for is refused', () => {
    write([created()]);
    const found = refusal(() => scanLog(file, () => undefined, { runId: 'x' }));
    expect(found.message).toContain('belongs to run');
  });

  it('no log at all says so', () => {
    expect(refusal(() => read()).code).toBe('log-missing');
  });
});

/** The line of an event that follows `before`. */
function relink(before: string, event: RunEvent): string {
  const id = `${String(event.seq).padStart(6, '0')}-${event.event_type}`;
  return eventLine({ ...event, event_id: id }, sha256(before));
}

describe('a disk that takes no more', () => {
  const child = path.join('.test-tmp', `append-until-refused-${process.pid}.mjs`);
  const inNamespace = ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"'];
  const canMount = spawnSync('unshare', [...inNamespace, '/mnt', 'true']).status === 0;

  beforeAll(() => bundle('test/store/log/append-until-refused.ts', child));
  afterAll(() => rmSync(child, { force: true }));

  it('leaves the log whole when the file may not grow', () => {
    write([created()]);
    const limitKiB = Math.ceil(statSync(file).size / 1024) + 20;
    const limited = spawnSync(
      'bash',
      ['-c', `ulimit -f ${limitKiB}; exec "$@"`, 'bash', process.execPath, child, file],
      { encoding: 'utf8' },
    );
    expect(limited.stderr).toBe('');
    const told = JSON.parse(limited.stdout) as { codes: string[]; appended: number };
    // What the device holds after such an error is not known: the log must be opened anew.
    expect(told.codes).toEqual(['write-failed', 'write-failed']);
    const { events, end } = read();
    expect(events).toHaveLength(1 + told.appended);
    expect(end.tornBytes).toBe(0);
  });

  it.runIf(canMount)('leaves the log whole when full, and goes on once there is room', () => {
    const command = [...inNamespace, dir, process.execPath, child, file];
    const full = spawnSync('unshare', command, { encoding: 'utf8' });
    expect(full.stderr).toBe('');
    const told = JSON.parse(full.stdout) as Record<string, unknown>;
    expect(told).toMatchObject({ codes: ['disk-full', 'appended'], tornBytes: 0 });
    expect(told['whole']).toBe(told['appended']);
    expect(told['message']).toContain('The disk is full');
    expect(told['hint']).toContain('run resume');
  });
});
