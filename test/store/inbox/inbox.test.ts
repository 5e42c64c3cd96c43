import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs, {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
  statSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InterruptRecord } from '../../../src/model/run.ts';
import {
  dropCommand,
  dropInterrupt,
  dropReply,
  removeCommand,
  writeInterruptRecord,
} from '../../../src/store/inbox/drop.ts';
import { type Asker, type InboxScan } from '../../../src/store/inbox/scanner.ts';
import { newRunId, runPaths, type RunPaths } from '../../../src/store/layout.ts';
import { directoryInbox } from '../../../src/store/inbox/directory.ts';
import { countOpens } from '../../support/file-opens.ts';
import {
  sampleInterrupt,
  sampleReply,
  storeOf,
  systemNow,
  temporaryProgram,
} from '../sample-run.ts';

const ID = 'int-0123456789ab';
const OTHER = 'int-ffffffffffff';

let program: { dir: string; remove: () => void };
let paths: RunPaths;
let known: { interrupts: Map<string, InterruptRecord> };

beforeEach(() => {
  program = temporaryProgram();
  paths = runPaths(program.dir, newRunId(new Date().toISOString()));
  storeOf(program.dir).create(paths.runId);
  known = { interrupts: new Map() };
});
afterEach(() => program.remove());

function ask(id = ID, change = {}): void {
  const interrupt = sampleInterrupt(paths.runId, 'ask-00000000', { interrupt_id: id, ...change });
  known.interrupts.set(id, { interrupt, reply: null, appliedInAttempt: null, closedBecause: null });
}

function reasons(scan: InboxScan): Record<string, string> {
  return Object.fromEntries(
    scan.unreadable.map(({ file, reason }) => [path.basename(file), reason]),
  );
}

describe('dropping and finding', () => {
  it('a question, its answer and a command come through as they are', () => {
    const interrupt = sampleInterrupt(paths.runId, 'ask-00000000');
    expect(dropInterrupt(paths, interrupt)).toBe(true);
    expect(dropInterrupt(paths, { ...interrupt, question: 'again?' })).toBe(false);
    expect(dropReply(paths, sampleReply(ID))).toBe(true);
    expect(dropReply(paths, sampleReply(ID, { text: 'right' }))).toBe(false);
    const retry = {
      command: 'retry_instance',
      instance_id: 'ask-00000000',
      granted_iterations: 2,
      new_session: true,
      fresh_tree: false,
    } as const;
    const command = dropCommand(paths, retry, systemNow());
    const scan = directoryInbox(paths, systemNow).scan(known);
    expect(scan.interrupts.map(({ value }) => value)).toEqual([interrupt]);
    expect(scan.replies.map(({ value }) => value)).toEqual([sampleReply(ID)]);
    expect(scan.commands).toEqual([{ file: command, value: retry }]);
    expect(scan.unreadable).toEqual([]);
    for (const directory of [paths.inboxInterrupts, paths.inboxReplies, paths.inboxCommands]) {
      expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    }
  });

  it('what was not taken is given out again; what the log knows is not', () => {
    const scanner = directoryInbox(paths, systemNow);
    dropInterrupt(paths, sampleInterrupt(paths.runId, 'ask-00000000'));
    dropReply(paths, sampleReply(ID));
    const file = dropCommand(paths, { command: 'abort' }, systemNow());
    expect(scanner.scan(known).interrupts).toHaveLength(1);
    expect(scanner.scan(known)).toMatchObject({ interrupts: [{}], replies: [{}], commands: [{}] });
    ask();
    removeCommand(file);
    expect(scanner.scan(known)).toMatchObject({ interrupts: [], replies: [{}], commands: [] });
    known.interrupts.get(ID)!.reply = sampleReply(ID);
    expect(scanner.scan(known)).toEqual({
      interrupts: [],
      replies: [],
      commands: [],
      unreadable: [],
    });
    // The engine's record of the interrupt, and a second thought in the reply's file, are not news.
    writeInterruptRecord(paths, { ...known.interrupts.get(ID)!.interrupt, status: 'resolved' });
    writeFileSync(paths.replyFile(ID), '{"text": "no, right"}');
    expect(scanner.scan(known)).toMatchObject({ interrupts: [], replies: [] });
    expect(JSON.parse(readFileSync(paths.interruptFile(ID), 'utf8'))).toMatchObject({
      status: 'resolved',
    });
  });

  it('comes in the order in which it was said', () => {
    for (const [id, second] of [
      ['int-aaaaaaaaaaaa', 3],
      ['int-bbbbbbbbbbbb', 1],
    ] as const) {
      const created_at = `2026-01-01T00:00:0${second}.000Z`;
      ask(id);
      dropReply(paths, sampleReply(id, { created_at }));
    }
    dropCommand(paths, { command: 'abort' }, systemNow());
    const scan = directoryInbox(paths, systemNow).scan(known);
    expect(scan.replies.map(({ value }) => value.interrupt_id)).toEqual([
      'int-bbbbbbbbbbbb',
      'int-aaaaaaaaaaaa',
    ]);
  });

  it('of the same moment comes in the order of its names', () => {
    const [a, b, c] = ['int-cccccccccccc', 'int-aaaaaaaaaaaa', 'int-bbbbbbbbbbbb'] as const;
    for (const id of [a, b, c]) {
      ask(id);
      dropReply(paths, sampleReply(id));
      writeFileSync(path.join(paths.inboxCommands, `${id}.json`), '{"command": "abort"}');
    }
    const scan = directoryInbox(paths, systemNow).scan(known);
    expect(scan.replies.map(({ value }) => value.interrupt_id)).toEqual([b, c, a]);
    expect(scan.commands.map(({ file }) => path.basename(file, '.json'))).toEqual([b, c, a]);
  });

  it('of commands comes in that order though another look lies between', () => {
    const put = (name: string): void =>
      writeFileSync(path.join(paths.inboxCommands, `${name}.json`), '{"command": "abort"}');
    const inbox = directoryInbox(paths, systemNow);
    put('2');
    expect(inbox.scan(known).commands).toHaveLength(1);
    put('1');
    expect(inbox.scan(known).commands.map(({ file }) => path.basename(file))).toEqual([
      '1.json',
      '2.json',
    ]);
  });

  it('is found also where the clock was set back', () => {
    let now = '2030-01-01T00:00:00.000Z';
    const scanner = directoryInbox(paths, () => now);
    for (let n = 0; n < 30; n += 1) writeFileSync(path.join(paths.inboxReplies, `j${n}.json`), '{');
    expect(scanner.scan(known).unreadable).toHaveLength(30);
    ask();
    writeFileSync(paths.replyFile(ID), '{"text": "left"}');
    now = '2029-01-01T00:00:00.000Z';
    expect(scanner.scan(known).replies).toHaveLength(1);
  });

  it('no record is written through a link', () => {
    const elsewhere = mkdtempSync(path.join(program.dir, 'elsewhere-'));
    rmSync(paths.inboxInterrupts, { recursive: true });
    symlinkSync(elsewhere, paths.inboxInterrupts);
    const interrupt = sampleInterrupt(paths.runId, 'ask-00000000');
    expect(() => writeInterruptRecord(paths, interrupt)).toThrow(/is not a directory/);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it('sees what comes later, also at the same size and in the same instant', () => {
    const scanner = directoryInbox(paths, systemNow);
    ask();
    ask(OTHER);
    expect(scanner.scan(known).replies).toEqual([]);
    for (let round = 0; round < 200; round += 1) {
      writeFileSync(paths.replyFile(ID), `{"text": "a"}`);
      expect(scanner.scan(known).replies).toHaveLength(1);
      writeFileSync(paths.replyFile(ID), `{"texx": "a"}`);
      writeFileSync(paths.replyFile(OTHER), `{"text": "b"}`);
      expect(scanner.scan(known).replies.map(({ value }) => value.text)).toContain('b');
      rmSync(paths.replyFile(ID));
      rmSync(paths.replyFile(OTHER));
      expect(scanner.scan(known).replies).toEqual([]);
    }
  });

  it('costs little when nothing changed', () => {
    for (let i = 0; i < 100; i += 1) {
      const id = `int-${String(i).padStart(12, '0')}`;
      ask(id);
      writeFileSync(paths.interruptFile(id), '{}');
    }
    const aMinuteLater = new Date(Date.now() + 60_000).toISOString();
    const scanner = directoryInbox(paths, () => aMinuteLater);
    scanner.scan(known);
    const looks = countOpens('', ['openSync', 'lstatSync', 'readdirSync']);
    try {
      for (let i = 0; i < 20; i += 1) scanner.scan(known);
      expect(looks.count()).toBe(20 * 3);
    } finally {
      looks.stop();
    }
  });

  it('tells when something comes', async () => {
    const scanner = directoryInbox(paths, systemNow);
    ask();
    await new Promise<void>((resolve) => {
      const stop = scanner.watch(() => {
        if (scanner.scan(known).replies.length === 0) return;
        stop();
        resolve();
      });
      dropReply(paths, sampleReply(ID));
      // The watcher keeps no process alive: the test does.
      const alive = setInterval(() => undefined, 1000);
      void Promise.resolve().then(() => alive.unref());
    });
  });

  it('tells of what came while it was telling, and of nothing once it is stopped', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const ours = watch(paths.inboxReplies);
    try {
      let told = 0;
      const stop = directoryInbox(paths, systemNow).watch(() => (told += 1));
      const drop = async (id: string): Promise<void> => {
        const seen = once(ours, 'change');
        dropReply(paths, sampleReply(id));
        await seen;
        // Of one drop the system tells several things, all in this turn.
        await setImmediate();
      };
      await drop(ID);
      expect(told).toBe(1);
      vi.advanceTimersByTime(50);
      expect(told).toBe(2);
      await drop(OTHER);
      stop();
      vi.advanceTimersByTime(2000);
      expect(told).toBe(2);
    } finally {
      ours.close();
      vi.useRealTimers();
    }
  });

  it('says so where the inbox may not be written to', () => {
    const { linkSync } = fs;
    try {
      fs.linkSync = () => {
        throw Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'link' });
      };
      syncBuiltinESMExports();
      expect(() => dropReply(paths, sampleReply(ID))).toThrow(
        `Cannot write to ${paths.inboxReplies}.`,
      );
    } finally {
      Object.assign(fs, { linkSync });
      syncBuiltinESMExports();
    }
  });

  it('refuses to drop where the inbox is not a directory of its own', () => {
    const elsewhere = mkdtempSync(path.join(program.dir, 'elsewhere-'));
    renameSync(paths.inboxReplies, path.join(program.dir, 'away'));
    symlinkSync(elsewhere, paths.inboxReplies);
    expect(() => dropReply(paths, sampleReply(ID))).toThrow(/not a directory/);
    ask();
    writeFileSync(path.join(elsewhere, `${ID}.json`), '{"text": "x"}');
    expect(directoryInbox(paths, systemNow).scan(known).replies).toEqual([]);
    rmSync(paths.inboxDir, { recursive: true });
    expect(directoryInbox(paths, systemNow).scan(known)).toMatchObject({
      interrupts: [],
      replies: [],
      commands: [],
    });
    expect(() => dropCommand(paths, { command: 'abort' }, systemNow())).toThrow(/not a directory/);
    writeInterruptRecord(paths, known.interrupts.get(ID)!.interrupt);
    expect(readdirSync(paths.inboxInterrupts)).toEqual([`${ID}.json`]);
  });
});

describe('a reply written by hand', () => {
  it('needs only its text', () => {
    ask(ID, { audience: 'assistant' });
    writeFileSync(paths.replyFile(ID), '\uFEFF{"text": "left"}\n');
    utimesSync(paths.replyFile(ID), 1_700_000_000, 1_700_000_000);
    expect(directoryInbox(paths, systemNow).scan(known).replies[0]?.value).toEqual({
      interrupt_id: ID,
      audience: 'assistant',
      reply_kind: 'answer',
      text: 'left',
      payload: {},
      rationale: null,
      confidence: null,
      citations: [],
      created_at: '2023-11-14T22:13:20.000Z',
    });
  });

  it('may hold everything', () => {
    ask(ID, { audience: 'assistant' });
    const reply = sampleReply(ID, {
      audience: 'assistant',
      reply_kind: 'handoff_to_human',
      payload: [1, { two: null }],
      rationale: 'because',
      confidence: 'low',
      citations: ['a.md'],
    });
    writeFileSync(paths.replyFile(ID), JSON.stringify({ ...reply, author: 'me' }));
    expect(directoryInbox(paths, systemNow).scan(known).replies[0]?.value).toEqual(reply);
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['half a file', '{"text": "le', /^it is not JSON/],
    ['nothing', '', /^it is empty$/],
    ['no object', '"left"', /^it is not a JSON object$/],
    ['no text', '{"texts": "left"}', /^"text" is missing$/],
    ['null text', '{"text": null}', /^"text" is missing$/],
    ['a blank text', '{"text": " \\n"}', /^"text" is blank$/],
    ['a number for text', '{"text": 7}', /^"text" must be a string, not a number$/],
    [
      'another id',
      `{"text": "x", "interrupt_id": "${OTHER}"}`,
      /"interrupt_id" is "int-fff.*named/,
    ],
    ['an unknown kind', '{"text": "x", "reply_kind": "yes"}', /one of answer, handoff_to_human$/],
    ['a human handing off', '{"text": "x", "reply_kind": "handoff_to_human"}', /must be "answer"/],
    ['another audience', '{"text": "x", "audience": "assistant"}', /the question went to: human/],
    ['no list', '{"text": "x", "citations": "a"}', /"citations" must be a list of strings/],
    ['mixed list', '{"text": "x", "citations": ["a", 1]}', /"citations" must be a list of strings/],
    ['an unknown confidence', '{"text": "x", "confidence": "very"}', /low, medium, high/],
    [
      'no time',
      '{"text": "x", "created_at": "soon"}',
      /"created_at" is "soon", which is not a time/,
    ],
    [
      'a time that no record has',
      '{"text": "x", "created_at": "+010000-01-01T00:00:00Z"}',
      /"created_at" is "\+010000-01-01T00:00:00Z", which is not a time/,
    ],
    ['an inherited name', '{"text": "x", "reply_kind": "toString"}', /one of/],
    ['another encoding', Buffer.from([0x7b, 0xff, 0xfe]), /^it is not UTF-8 text$/],
    ['great depth', `{"text":"x","payload":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, /nested/],
    ['great size', `{"text": "${'x'.repeat(4 * 1024 * 1024)}"}`, /larger than 4194304 bytes/],
  ])('with %s is left where it is, with its reason', (_name, content, reason) => {
    ask();
    writeFileSync(paths.replyFile(ID), content);
    const scan = directoryInbox(paths, systemNow).scan(known);
    expect(scan.replies).toEqual([]);
    expect(scan.unreadable).toHaveLength(1);
    expect(scan.unreadable[0]).toMatchObject({ interruptId: ID, kind: 'reply', isNew: true });
    expect(scan.unreadable[0]?.reason).toMatch(reason);
    expect(readFileSync(paths.replyFile(ID)).equals(Buffer.from(content))).toBe(true);
  });

  it('is no longer complained of once it is mended, or gone', () => {
    ask();
    ask(OTHER);
    const scanner = directoryInbox(paths, systemNow);
    writeFileSync(paths.replyFile(ID), '{"text": ');
    writeFileSync(paths.replyFile(OTHER), '{');
    expect(scanner.scan(known).unreadable.map(({ isNew }) => isNew)).toEqual([true, true]);
    expect(scanner.scan(known).unreadable.map(({ isNew }) => isNew)).toEqual([false, false]);
    writeFileSync(paths.replyFile(ID), '{"text": "left"}');
    rmSync(paths.replyFile(OTHER));
    expect(scanner.scan(known)).toMatchObject({ replies: [{}], unreadable: [] });
  });

  it('is read again within the grain of its time stamp, in which a change need not show', () => {
    ask();
    writeFileSync(paths.replyFile(ID), '{"text": ');
    const changedMs = Number(statSync(paths.replyFile(ID), { bigint: true }).ctimeMs);
    let nowMs = changedMs;
    const scanner = directoryInbox(paths, () => new Date(nowMs).toISOString());
    const opens = countOpens(`${ID}.json`);
    /** How often the file is read by one look. */
    const reads = (agoMs: number): number => {
      nowMs = changedMs + agoMs;
      expect(scanner.scan(known).unreadable).toHaveLength(1);
      return opens.count();
    };
    try {
      // Also where the clock was set back.
      for (const agoMs of [0, 500, 1999, -1999]) expect(reads(agoMs)).toBe(1);
      // Once more, after the grain: from then on a change shows.
      expect(reads(2001)).toBe(1);
      expect(reads(2001)).toBe(0);
      expect(reads(60_000)).toBe(0);
    } finally {
      opens.stop();
    }
  });

  it('is found within the grain of its directory’s time stamp, in which it need not show', () => {
    const changedMs = Number(statSync(paths.inboxReplies, { bigint: true }).ctimeMs);
    let nowMs = changedMs + 1500;
    const scanner = directoryInbox(paths, () => new Date(nowMs).toISOString());
    scanner.scan(known);
    ask();
    writeFileSync(paths.replyFile(ID), '{"text": "left"}');
    nowMs = changedMs + 60_000;
    expect(scanner.scan(known).replies).toHaveLength(1);
  });

  it('can be rejected by who knows more, until it changes', () => {
    ask();
    const scanner = directoryInbox(paths, systemNow);
    writeFileSync(paths.replyFile(ID), '{"text": "left"}');
    const [item] = scanner.scan(known).replies;
    scanner.reject(item!.file, 'payload: must have property "way"');
    for (let i = 0; i < 3; i += 1) {
      const scan = scanner.scan(known);
      expect(scan.replies).toEqual([]);
      expect(scan.unreadable[0]?.reason).toBe('payload: must have property "way"');
    }
    writeFileSync(paths.replyFile(ID), '{"text": "left", "payload": {"way": 1}}');
    expect(scanner.scan(known)).toMatchObject({ replies: [{}], unreadable: [] });
  });

  it('to a question that nobody asked waits for it', () => {
    const scanner = directoryInbox(paths, systemNow);
    writeFileSync(paths.replyFile(ID), '{"text": "left"}');
    expect(reasons(scanner.scan(known))).toEqual({
      [`${ID}.json`]: 'the run has no such interrupt',
    });
    ask();
    expect(scanner.scan(known)).toMatchObject({ replies: [{}], unreadable: [] });
  });
});

describe('a hostile inbox', () => {
  it('harms nothing, and each thing in it is named', () => {
    ask(OTHER);
    const replies = paths.inboxReplies;
    writeFileSync(path.join(program.dir, 'secret'), '{"text": "secret"}');
    symlinkSync(path.join(program.dir, 'secret'), paths.replyFile('int-000000000001'));
    symlinkSync('nowhere', paths.replyFile('int-000000000002'));
    mkdirSync(paths.replyFile('int-000000000003'));
    execFileSync('mkfifo', [paths.replyFile('int-000000000004')]);
    writeFileSync(path.join(replies, '..json'), '{');
    writeFileSync(path.join(replies, '.int-ffffffffffff.json.swp'), '{');
    writeFileSync(path.join(replies, `${OTHER}.json~`), '{"text": "backup"}');
    writeFileSync(path.join(replies, 'int-FFFFFFFFFFFF.json'), '{"text": "x"}');
    writeFileSync(path.join(replies, 'notes.json'), '{"text": "x"}');
    const scan = directoryInbox(paths, systemNow).scan(known);
    expect(scan.replies).toEqual([]);
    expect(reasons(scan)).toEqual({
      'int-000000000001.json': 'it is a symbolic link',
      'int-000000000002.json': 'it is a symbolic link',
      'int-000000000003.json': 'it is not a regular file',
      'int-000000000004.json': 'it is not a regular file',
      'int-FFFFFFFFFFFF.json': expect.stringContaining('its name is not <interrupt id>.json'),
      'notes.json': expect.stringContaining('its name is not <interrupt id>.json'),
    });
  });

  it('cannot pass off a question as answered, another run’s, or something else', () => {
    const interrupt = sampleInterrupt(paths.runId, 'ask-00000000');
    const put = (id: string, value: unknown): void =>
      writeFileSync(paths.interruptFile(id), JSON.stringify(value));
    put(ID, { ...interrupt, status: 'applied', resolved_at: 'x', applied_at: 'x', extra: 1 });
    put(OTHER, interrupt);
    put('int-000000000001', { ...interrupt, interrupt_id: 'int-000000000001', run_id: 'other' });
    put('int-000000000002', { ...interrupt, interrupt_id: 'int-000000000002', options: { a: 1 } });
    put('int-000000000003', { ...interrupt, interrupt_id: 'int-000000000003', audience: 'me' });
    put('int-000000000004', { ...interrupt, interrupt_id: 'int-000000000004', metadata: [] });
    put('int-000000000005', { ...interrupt, interrupt_id: 'int-000000000005', blocking: 'no' });
    const scan = directoryInbox(paths, systemNow).scan(known);
    expect(scan.interrupts.map(({ value }) => value)).toEqual([interrupt]);
    expect(reasons(scan)).toEqual({
      [`${OTHER}.json`]: expect.stringContaining('"interrupt_id" is "int-0123456789ab"'),
      'int-000000000001.json': expect.stringContaining('"run_id" is "other", but the run is'),
      'int-000000000002.json': '"options" must be a list of strings',
      'int-000000000003.json': expect.stringContaining('"audience" is "me"'),
      'int-000000000004.json': '"metadata" must be an object',
      'int-000000000005.json': '"blocking" must be true or false',
    });
  });

  it('commands must be ones that there are', () => {
    const put = (name: string, value: unknown): void =>
      writeFileSync(path.join(paths.inboxCommands, name), JSON.stringify(value));
    put('1.json', { command: 'format_disk' });
    put('2.json', { command: 'retry_instance' });
    put('3.json', { command: 'mark_proposal', proposal_id: 'p', status: 'done', note: 'x' });
    put('4.json', { command: 'record_proposals', interrupt_id: ID, proposals: [{}], dropped: [] });
    put('5.json', []);
    put('6.json', { command: 'resume', created_at: 'whenever' });
    const scan = directoryInbox(paths, systemNow).scan(known);
    expect(scan.commands.map(({ value }) => value)).toEqual([{ command: 'resume' }]);
    expect(reasons(scan)).toEqual({
      '1.json': expect.stringContaining('"command" is "format_disk"; it must be one of abort'),
      '2.json': '"instance_id" is missing',
      '3.json': expect.stringContaining('"status" is "done"'),
      '4.json': '"proposals" must be a list of proposals',
      '5.json': 'it is not a JSON object',
    });
  });
});

describe('what a worker leaves in its own directory', () => {
  const asker: Asker = { instanceId: 'ask-00000001', taskId: 'ask', attempt: 1, isDue: true };
  const idOf = (n: number): string => `int-${String(n).padStart(12, '0')}`;
  const put = (n: number, more: object = {}, pad = ''): void => {
    const directory = paths.questionsDir(asker.instanceId, asker.attempt);
    mkdirSync(directory, { recursive: true });
    const asked = { ...question(), interrupt_id: idOf(n), metadata: { pad }, ...more };
    writeFileSync(path.join(directory, `${idOf(n)}.json`), JSON.stringify(asked));
  };
  const question = () => sampleInterrupt(paths.runId, asker.instanceId, { task_id: asker.taskId });
  const scanOf = () => directoryInbox(paths, systemNow).scan(known, [asker]);

  it('is a hundred questions at most; that there are more is named once', () => {
    for (let n = 0; n < 140; n += 1) put(n);
    const inbox = directoryInbox(paths, systemNow);
    const scan = inbox.scan(known, [asker]);
    expect(scan.interrupts).toHaveLength(100);
    expect(scan.unreadable).toMatchObject([
      {
        file: paths.questionsDir(asker.instanceId, 1),
        interruptId: null,
        reason: 'more lies here than an attempt may ask (100 questions, 16 MiB together)',
        isNew: true,
      },
    ]);
    // Those that were taken count, too.
    const taken = new Map(
      scan.interrupts.map(({ value }) => [value.interrupt_id, { interrupt: value, reply: null }]),
    );
    const next = inbox.scan({ interrupts: taken }, [asker]);
    expect(next.interrupts).toEqual([]);
    expect(next.unreadable).toMatchObject([{ isNew: false }]);
  });

  it('is looked for among a thousand names at most', () => {
    const directory = paths.questionsDir(asker.instanceId, asker.attempt);
    mkdirSync(directory, { recursive: true });
    for (let n = 0; n < 1000; n += 1) writeFileSync(path.join(directory, `junk-${n}`), '');
    expect(scanOf().unreadable).toEqual([]);
    writeFileSync(path.join(directory, 'junk'), '');
    expect(Object.values(reasons(scanOf()))).toEqual([
      expect.stringMatching(/^more lies here than an attempt may ask/),
    ]);
  });

  it('is sixteen MiB at most', () => {
    for (let n = 0; n < 12; n += 1) put(n, {}, 'x'.repeat(3 * 1024 * 1024));
    const scan = scanOf();
    expect(scan.interrupts).toHaveLength(6);
    expect(scan.unreadable).toHaveLength(1);
  });

  it('is looked for when it is time, and an answer to it is not complained of before', () => {
    put(1);
    writeFileSync(paths.replyFile(idOf(1)), '{"text": "left"}');
    const inbox = directoryInbox(paths, systemNow);
    const early = inbox.scan(known, [{ ...asker, isDue: false }]);
    expect(early).toMatchObject({ interrupts: [], replies: [], unreadable: [] });
    expect(inbox.scan(known, [asker])).toMatchObject({ interrupts: [{}], replies: [{}] });
  });

  it('can be rejected, too', () => {
    put(1);
    const inbox = directoryInbox(paths, systemNow);
    const [item] = inbox.scan(known, [asker]).interrupts;
    inbox.reject(item!.file, 'not now');
    const scan = inbox.scan(known, [asker]);
    expect(scan).toMatchObject({ interrupts: [], unreadable: [{ reason: 'not now' }] });
  });

  it('says who asks as the directory does', () => {
    put(1, { instance_id: 'other-00000002' });
    put(2, { task_id: 'other' });
    expect(Object.values(reasons(scanOf())).sort()).toEqual([
      expect.stringContaining('but the directory belongs to'),
      expect.stringContaining('but the task of the directory is'),
    ]);
  });

  it('is not reached through a link', () => {
    put(1);
    const attempt = paths.attemptDir(asker.instanceId, asker.attempt);
    renameSync(attempt, path.join(program.dir, 'elsewhere'));
    symlinkSync(path.join(program.dir, 'elsewhere'), attempt);
    const scan = scanOf();
    expect(scan.interrupts).toEqual([]);
    expect(Object.values(reasons(scan))).toEqual(['it is reached through a symbolic link']);
  });

  it('is not taken for known because another question has its id', () => {
    put(1);
    const other = { ...question(), interrupt_id: idOf(1), instance_id: 'other-00000002' };
    const interrupts = new Map([[idOf(1), { interrupt: other, reply: null }]]);
    const inbox = directoryInbox(paths, systemNow);
    expect(inbox.scan({ interrupts }, [asker]).interrupts).toHaveLength(1);
  });
});

it('however many files cannot be taken, they cost a look at each, once a second', () => {
  for (let n = 0; n < 100; n += 1) {
    writeFileSync(path.join(paths.inboxInterrupts, `junk-${n}.json`), '{');
    writeFileSync(path.join(paths.inboxReplies, `int-${String(n).padStart(12, '0')}.json`), '{');
  }
  const inbox = directoryInbox(paths, systemNow);
  const opens = countOpens('.json');
  try {
    for (let look = 0; look < 50; look += 1) {
      expect(inbox.scan(known, []).unreadable).toHaveLength(200);
    }
    // Once, and again where it was written to just before.
    expect(opens.count()).toBeLessThanOrEqual(200);
  } finally {
    opens.stop();
  }
});
