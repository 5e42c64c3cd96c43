import { execFileSync } from 'node:child_process';
import { appendFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { LineTail } from '../../../src/agents/output/line-tail.ts';
import { tailActivities } from '../../../src/agents/output/activities.ts';
import { temporaryDirectory } from '../../execution/local/orders.ts';

const root = temporaryDirectory('tail');
let files = 0;

function follow(options: { maxLineBytes?: number; floodBytes?: number | null } = {}) {
  const file = path.join(root, `${(files += 1)}`);
  const lines: string[] = [];
  const omitted: number[] = [];
  const tail = new LineTail(file, {
    maxLineBytes: options.maxLineBytes ?? 1 << 20,
    floodBytes: options.floodBytes ?? null,
    onLine: (line) => lines.push(line),
    onOmitted: (bytes) => omitted.push(bytes),
  });
  const drain = () => {
    while (tail.advance(1 << 20).more);
  };
  return { file, lines, omitted, tail, drain };
}

describe('a followed file', () => {
  it('may come later, and yields lines whichever way the bytes come', () => {
    const { file, lines, tail, drain } = follow();
    drain();
    const bytes = Buffer.from('one\n\nzwölf\r\nlast');
    for (const byte of bytes) {
      appendFileSync(file, Buffer.of(byte));
      drain();
    }
    expect(lines).toEqual(['one', '', 'zwölf\r']);
    tail.finish();
    expect(lines.at(-1)).toBe('last');
    expect(tail.lineCount).toBe(3);
  });

  it('keeps lines whole that are longer than a read', () => {
    const { file, lines, drain } = follow({ maxLineBytes: 1 << 20 });
    const long = 'é'.repeat(400_000);
    writeFileSync(file, `a\n${long}\nb\n`);
    drain();
    expect(lines).toEqual(['a', long, 'b']);
  });

  it('leaves out a line above the limit, once, and counts it', () => {
    for (const size of [101, 1000, 600_000]) {
      const { file, lines, omitted, tail, drain } = follow({ maxLineBytes: 100 });
      writeFileSync(file, `a\n${'x'.repeat(size)}\nb\n${'y'.repeat(100)}\n`);
      drain();
      expect(lines).toEqual(['a', 'b', 'y'.repeat(100)]);
      expect(omitted.reduce((sum, bytes) => sum + bytes, 0)).toBe(size);
      expect(tail.lineCount).toBe(4);
    }
  });

  it('reports an overlong line that has no end', () => {
    const { file, lines, omitted, tail, drain } = follow({ maxLineBytes: 100 });
    writeFileSync(file, `a\n${'x'.repeat(5000)}`);
    drain();
    tail.finish();
    expect(lines).toEqual(['a']);
    expect(omitted).toEqual([5000]);
  });

  it('counts a flood, and shows what comes after it', () => {
    const { file, lines, omitted, tail, drain } = follow({ floodBytes: 1000 });
    writeFileSync(file, 'x\n'.repeat(5000) + 'cut');
    drain();
    appendFileSync(file, ' off\nnext\n');
    drain();
    expect(tail.lineCount).toBe(5002);
    expect(lines).toEqual(['next']);
    expect(omitted.reduce((sum, bytes) => sum + bytes, 0)).toBe(10_003 + 4);
  });

  it('starts again where the file was cut', () => {
    const { file, lines, drain } = follow();
    writeFileSync(file, 'a long first line\nhalf');
    drain();
    truncateSync(file, 0);
    appendFileSync(file, 'b\n');
    drain();
    expect(lines).toEqual(['a long first line', 'b']);
  });

  it('says where each line begins', () => {
    const file = path.join(root, 'offsets');
    const found: [number, string][] = [];
    const tail = new LineTail(file, {
      maxLineBytes: 10,
      floodBytes: null,
      onLine: (line, at) => found.push([at, line]),
      onOmitted: (bytes, at) => found.push([at, `${bytes} left out`]),
    });
    for (const text of ['zwölf\n', 'ha', 'lf\n', '0123456789', 'abc', 'def\nend\n', 'open']) {
      appendFileSync(file, text);
      tail.advance(1 << 20);
    }
    expect(found).toEqual([
      [0, 'zwölf'],
      [7, 'half'],
      [12, '16 left out'],
      [29, 'end'],
    ]);
    expect(tail.settledTo).toBe(33);
    tail.goTo(29);
    tail.advance(1 << 20);
    expect(found.at(-1)).toEqual([29, 'end']);
    tail.finish();
    expect(found.at(-1)).toEqual([33, 'open']);
  });

  it('is no link, and no pipe that somebody put there', () => {
    for (const make of [
      (file: string) => symlinkSync('/etc/passwd', file),
      (file: string) => execFileSync('mkfifo', [file]),
    ]) {
      const { file, lines, tail } = follow();
      make(file);
      expect(tail.advance(1 << 20)).toEqual({ bytes: 0, more: false });
      expect(lines).toEqual([]);
    }
  });

  it('reads no further than it stood at the limit', () => {
    const { file, lines, tail, drain } = follow();
    writeFileSync(file, 'a\nb\n');
    tail.limitToPresent();
    appendFileSync(file, 'c\n');
    drain();
    expect(lines).toEqual(['a', 'b']);
  });
});

it('activities of a finished attempt are read from its file', () => {
  const file = path.join(root, 'events.jsonl');
  writeFileSync(file, '{"type":"turn.started"}\n{"type":"error","message":"no"}');
  const tail = tailActivities('codex', file);
  expect(tail.read()).toEqual({ activities: [{ type: 'turn_started' }], more: false });
  expect(tail.finish()).toEqual([{ type: 'error', message: 'no' }]);
});
