/** What a worker may send, and none of it may be taken in: the run's side refuses by name, and writes nothing. */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { attemptPlaces, depotRoot } from '../../../src/execution/temporal/depot/layout.ts';
import { DepotFailure, type Placement } from '../../../src/execution/temporal/protocol.ts';
import type { AttemptEnd, AttemptOrder } from '../../../src/model/attempt.ts';
import { read } from '../local/orders.ts';
import {
  deliveryOf,
  host,
  madeTree,
  placeOn,
  remoteOrder,
  runSide,
  treeOrder,
  workOn,
  type MadeTree,
  type RunSide,
} from './remote-attempts.ts';

let side: RunSide;
let made: MadeTree;
let order: AttemptOrder;
let placement: Placement;

beforeAll(async () => {
  side = runSide();
  made = await madeTree(side.root);
  order = treeOrder(
    side.root,
    made,
    'echo two >> a.txt; echo left > "$CODEX_ORCH_ATTEMPT_DIR/left.txt"',
  );
  placement = await side.dispatch.give(order);
  await workOn(placement, host());
});

type Fields = Record<string, unknown>;

/** Everything that lies there, by name, kind and content. */
function everything(directory: string, below = ''): string[] {
  return readdirSync(path.join(directory, below)).flatMap((name) => {
    const relative = path.join(below, name);
    const file = path.join(directory, relative);
    const stats = lstatSync(file);
    if (stats.isDirectory()) return [relative, ...everything(directory, relative)];
    const content = stats.isFile()
      ? createHash('sha256').update(readFileSync(file)).digest('hex')
      : 'link';
    return [`${relative} ${content}`];
  });
}

const places = () => attemptPlaces(depotRoot(side.depot, order.remote?.runDir ?? ''), placement.id);

function blob(content: string): { size: number; sha256: string } {
  const sha256 = createHash('sha256').update(content).digest('hex');
  mkdirSync(places().blobs, { recursive: true });
  writeFileSync(path.join(places().blobs, sha256), content);
  return { size: Buffer.byteLength(content), sha256 };
}

/** Changes what the worker said, and has it taken in. */
async function takenIn(change: (ended: Fields) => void): Promise<unknown> {
  const { end } = places();
  const before = readFileSync(end, 'utf8');
  const ended = JSON.parse(before) as Fields;
  change(ended);
  writeFileSync(end, JSON.stringify(ended));
  const seen = [everything(order.remote?.runDir ?? ''), everything(made.tree.folder)];
  try {
    return await side.dispatch.takeIn(order).then(
      () => 'taken in',
      (error: unknown) => {
        // What was printed comes as it is printed, and is no part of the end.
        const now = [everything(order.remote?.runDir ?? ''), everything(made.tree.folder)];
        const isOutput = (one: string): boolean => /events\.jsonl|stderr\.log/.test(one);
        expect(now.map((all) => all.filter((one) => !isOutput(one)))).toEqual(
          seen.map((all) => all.filter((one) => !isOutput(one))),
        );
        return error;
      },
    );
  } finally {
    writeFileSync(end, before);
  }
}

const refused = (words: string | RegExp) =>
  expect.objectContaining({
    code: 'parcel-refused',
    message:
      typeof words === 'string' ? expect.stringContaining(words) : expect.stringMatching(words),
  });

describe('what a worker left is refused by name, and nothing of it is written:', () => {
  it.each([
    '../out.txt',
    'a/../../out.txt',
    '/etc/out.txt',
    'a\\b',
    '',
    'x/',
    './x',
    'prompt.md',
    'events.jsonl',
    'runtime.json',
    'context/manifest.json',
    'questions/int-1.json',
    'prompt.md/x',
    'n\0ul',
  ])('a file called %j', async (name) => {
    const files = [{ path: name, mode: 0o600, ...blob('hostile') }];
    expect(await takenIn((ended) => (ended['files'] = files))).toEqual(
      refused(JSON.stringify(name)),
    );
  });

  it('one name twice, and a file that is a directory, too', async () => {
    const one = { path: 'x', mode: 0o600, ...blob('hostile') };
    expect(await takenIn((ended) => (ended['files'] = [one, one]))).toEqual(refused('named twice'));
    const below = { ...one, path: 'x/y' };
    expect(await takenIn((ended) => (ended['files'] = [one, below]))).toEqual(
      refused('a directory'),
    );
  });

  it('a blob of another hash, of another size, a link, or none', async () => {
    const good = blob('as it was');
    const at = path.join(places().blobs, good.sha256);
    const files = [{ path: 'x', mode: 0o600, ...good }];
    const taking = () => takenIn((ended) => (ended['files'] = files));
    writeFileSync(at, 'as it WAS');
    expect(await taking()).toEqual(refused('SHA-256'));
    appendFileSync(at, 'and more');
    expect(await taking()).toEqual(refused('bytes'));
    rmSync(at);
    symlinkSync('/etc/passwd', at);
    expect(await taking()).toEqual(refused('link'));
    rmSync(at);
    expect(await taking()).toEqual(refused('does not exist'));
  });

  it('files that are larger than any may be, or more of them', async () => {
    const large = { path: 'x', mode: 0o600, size: 2 ** 40, sha256: 'a'.repeat(64) };
    expect(await takenIn((ended) => (ended['files'] = [large]))).toEqual(refused('at most'));
    const many = Array.from({ length: 50_001 }, (_, at) => ({ ...large, size: 1, path: `${at}` }));
    expect(await takenIn((ended) => (ended['files'] = many))).toEqual(refused('50001 files'));
  });

  it('another version, another shape, a session that is none', async () => {
    expect(await takenIn((ended) => (ended['protocol'] = 2))).toEqual(refused('version 2'));
    expect(await takenIn((ended) => (ended['end'] = {}))).toEqual(refused('termination_reason'));
    expect(await takenIn((ended) => delete ended['printed'])).toEqual(refused('printed'));
    const session = { id: '../../x', path: 'y', ...blob('s') };
    expect(await takenIn((ended) => (ended['session'] = session))).toEqual(refused('no session'));
    const printed = { 'events.jsonl': 1000, 'stderr.log': 0 };
    expect(await takenIn((ended) => (ended['printed'] = printed))).toEqual(refused('1000'));
  });

  it('a tree that is no bundle, or names another commit', async () => {
    const garbage = {
      ...blob('not a bundle'),
      ref: 'refs/codex-orch/returned',
      commit: 'a'.repeat(40),
    };
    expect(await takenIn((ended) => (ended['tree'] = garbage))).toEqual(refused('its tree'));
    const other = (ended: Fields): void => {
      ended['tree'] = { ...(ended['tree'] as Fields), commit: made.tree.start };
    };
    expect(await takenIn(other)).toEqual(refused('was to come'));
    const option = (ended: Fields): void => {
      ended['tree'] = { ...(ended['tree'] as Fields), ref: '--upload-pack=x' };
    };
    expect(await takenIn(option)).toEqual(refused('no ref'));
  });

  it('an end that is a link, or without end', async () => {
    const { end } = places();
    const before = readFileSync(end);
    rmSync(end);
    symlinkSync('/dev/zero', end);
    await expect(side.dispatch.takeIn(order)).rejects.toEqual(refused('link'));
    rmSync(end);
    writeFileSync(end, before);
  });

  it('what is whole is taken in all the same', async () => {
    expect(await side.dispatch.takeIn(order)).toMatchObject({ termination_reason: 'completed' });
    expect(read(order, 'left.txt')).toBe('left\n');
    expect(readFileSync(path.join(made.tree.directory, 'a.txt'), 'utf8')).toBe('one\ntwo\n');
  });
});

describe('a worker', () => {
  it('lays out nothing that is not what was placed, nor for another version', async () => {
    const given = remoteOrder(side.root, 'true', {}, 'A prompt of its own.\n');
    const placed = await side.dispatch.give(given);
    const machine = host();
    const swapped = deliveryOf({ ...placed, manifestSha256: 'a'.repeat(64) }, machine);
    await expect(swapped.layOut(placeOn(machine, placed))).rejects.toMatchObject({
      code: 'not-laid-out',
    });
    expect(() => deliveryOf({ ...placed, protocol: 2 }, machine)).toThrow(/version 2/);
    const manifest = attemptPlaces(side.depot.directory ?? '', placed.id).manifest;
    const { files } = JSON.parse(readFileSync(manifest, 'utf8')) as { files: { sha256: string }[] };
    const file = path.join(side.depot.directory ?? '', 'blobs', files[0]?.sha256 ?? '');
    writeFileSync(file, 'another');
    await expect(
      deliveryOf(placed, machine).layOut(placeOn(machine, placed)),
    ).rejects.toMatchObject({ code: 'not-laid-out' });
  });

  it('hands in what lies there when it is read, whatever its agent exchanges meanwhile', async () => {
    const given = remoteOrder(side.root, 'true');
    const placed = await side.dispatch.give(given);
    const machine = host();
    const delivery = deliveryOf(placed, machine);
    const there = await delivery.layOut(placeOn(machine, placed));
    const secret = path.join(machine.directory, 'secret');
    writeFileSync(secret, 'of the worker');
    symlinkSync(secret, path.join(there.attemptDir, 'link.txt'));
    symlinkSync(machine.directory, path.join(there.attemptDir, 'folder'));
    let isOver = false;
    const swapping = path.join(there.attemptDir, 'swapped');
    const swap = async (): Promise<void> => {
      for (let at = 0; !isOver; at += 1) {
        rmSync(swapping, { recursive: true, force: true });
        if (at % 3 === 0) symlinkSync(secret, swapping);
        else if (at % 3 === 1) writeFileSync(swapping, `mine ${at}`);
        else mkdirSync(swapping);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const end: AttemptEnd = {
      ...{ termination_reason: 'completed', return_code: 0, failure_kind: null },
      ...{ failure_summary: null, resume_recommended: false, session_id: null, usage: null },
      ...{ final_message: null, started_at: given.startedAt, finished_at: given.startedAt },
      session_lost: false,
    };
    const swaps = swap();
    try {
      for (let done = false; !done;) {
        done = await delivery.handInEnd(there, end).then(
          () => true,
          (error: unknown) => {
            expect(error).toBeInstanceOf(DepotFailure);
            expect((error as DepotFailure).kind).toBe('passes');
            return false;
          },
        );
      }
    } finally {
      isOver = true;
      await swaps;
    }
    await side.dispatch.takeIn(given);
    const names = readdirSync(given.attemptDir);
    expect(names).not.toContain('link.txt');
    expect(names).not.toContain('folder');
    const hash = createHash('sha256').update(readFileSync(secret)).digest('hex');
    for (const directory of [given.attemptDir, side.depot.directory ?? '']) {
      for (const line of everything(directory)) expect(line).not.toContain(hash);
    }
    if (names.includes('swapped')) {
      expect(read(given, 'swapped')).toMatch(/^mine/);
    }
  });
});
