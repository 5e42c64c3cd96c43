import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { attemptPlaces } from '../../../src/execution/temporal/depot/layout.ts';
import { writeWork } from '../../../src/git/work.ts';
import { testGit } from '../../git/made-repository.ts';
import type { Placement } from '../../../src/execution/temporal/protocol.ts';
import { read } from '../local/orders.ts';
import {
  carried,
  deliveryOf,
  host,
  madeTree,
  nextOrder,
  placeOn,
  remoteOrder,
  runSide,
  treeOrder,
  workOn,
  type RunSide,
} from './remote-attempts.ts';

interface Said {
  files: { path: string; size: number; sha256: string }[];
  tree: { base: { size: number; sha256: string }; snapshot: { size: number } } | null;
}

function manifestOf({ depot }: RunSide, { id }: Placement): string {
  return readFileSync(attemptPlaces(depot.directory ?? '', id).manifest, 'utf8');
}

describe('a parcel', () => {
  it('holds nothing of this machine but what its agent is to have', async () => {
    const side = runSide();
    const order = remoteOrder(side.root, 'env; echo "$0"', {
      env: { MAY: 'may travel', GIT_CEILING_DIRECTORIES: '/of/the/run' },
    });
    const control = (name: string): string => path.join(order.controlDir, name);
    for (const name of ['claim-0', 'agent-0', 'exit', 'stop']) writeFileSync(control(name), 'x\n');
    writeFileSync(control('given-tools.sh'), 'export A=1\n');
    const placement = await side.dispatch.give(order);
    const text = manifestOf(side, placement);
    expect(text).not.toContain(side.root);
    expect(text).not.toContain('/of/the/run');
    const names = (JSON.parse(text) as Said).files.map((file) => path.basename(file.path));
    expect(names.sort()).toEqual(['given-tools.sh', 'prompt.md']);
    const machine = host();
    const { order: there } = await workOn(placement, machine);
    await side.dispatch.takeIn(order);
    const printed = readFileSync(control('events.jsonl'), 'utf8');
    expect(printed).toContain('MAY=may travel');
    expect(printed).not.toContain(side.root);
    expect(printed).not.toContain(placement.manifestSha256);
    expect(printed).toContain(`CODEX_ORCH_ATTEMPT_DIR=${there.attemptDir}`);
    expect(printed).toMatch(new RegExp(`^PATH=${path.join(machine.directory, 'bin')}:`, 'm'));
    expect(there.realCwd).toBeUndefined();
  });

  it('has what the attempt before left, as far as the prompt names it', async () => {
    const side = runSide();
    const first = remoteOrder(side.root, 'true');
    writeFileSync(path.join(first.attemptDir, 'report.md'), 'of before\n');
    writeFileSync(path.join(first.attemptDir, 'other.md'), 'not named\n');
    const named = path.join(first.attemptDir, 'report.md');
    const order = nextOrder(first, {}, `Left by the previous attempt:\n\n- ${named}\n`);
    const machine = host();
    const { order: there } = await workOn(await side.dispatch.give(order), machine);
    const before = path.join(path.dirname(there.attemptDir), '0001');
    expect(readdirSync(before)).toEqual(['report.md']);
    const prompt = readFileSync(path.join(there.controlDir, 'prompt.md'), 'utf8');
    expect(prompt).toContain(`- ${path.join(before, 'report.md')}`);
  });

  it.each(['for its agent', 'in its prompt'])(
    'has the schema of its result, which lies with the program: named %s',
    async (where) => {
      const side = runSide();
      const order = remoteOrder(side.root, ':');
      const schema = path.join(order.remote?.runDir ?? '', 'program/schemas/fix it.json');
      mkdirSync(path.dirname(schema), { recursive: true });
      writeFileSync(schema, '{"type": "object"}\n');
      writeFileSync(path.join(path.dirname(schema), 'other.json'), '{}\n');
      if (where === 'for its agent') order.outputSchemaFile = schema;
      else {
        const prompt = `It must match the JSON Schema ${schema}\n`;
        writeFileSync(path.join(order.controlDir, 'prompt.md'), prompt);
      }
      const { order: there } = await workOn(await side.dispatch.give(order), host());
      const schemas = path.join(there.remote?.runDir ?? '', 'program/schemas');
      expect(readdirSync(schemas)).toEqual(['fix it.json']);
      expect(readFileSync(path.join(schemas, 'fix it.json'), 'utf8')).toBe('{"type": "object"}\n');
      const told =
        where === 'in its prompt'
          ? readFileSync(path.join(there.controlDir, 'prompt.md'), 'utf8')
          : there.outputSchemaFile;
      expect(told).toContain(path.join(schemas, 'fix it.json'));
    },
  );

  it('carries what was copied into the tree, with links that stay in it; others are refused', async () => {
    const side = runSide();
    const made = await madeTree(side.root, { '.gitignore': 'deps\n', 'a.txt': 'one\n' });
    const { directory } = made.tree;
    mkdirSync(path.join(directory, 'deps', 'bin'), { recursive: true });
    writeFileSync(path.join(directory, 'deps', 'tool.sh'), '#!/bin/sh\necho tool\n', {
      mode: 0o755,
    });
    symlinkSync('../tool.sh', path.join(directory, 'deps', 'bin', 'tool'));
    made.tree.copied = ['deps'];
    const order = treeOrder(side.root, made, 'deps/bin/tool; echo changed > deps/more');
    const { there } = await carried(side, order);
    expect(read(order, 'events.jsonl')).toBe('tool\n');
    expect(readlinkSync(path.join(there.cwd, 'deps', 'bin', 'tool'))).toBe('../tool.sh');
    // No part of the work.
    expect(existsSync(path.join(directory, 'deps', 'more'))).toBe(false);
    symlinkSync('/etc', path.join(directory, 'deps', 'etc'));
    const again = { ...order, generation: 1 };
    await expect(side.dispatch.give(again)).rejects.toMatchObject({ code: 'cannot-travel' });
  });

  it('makes a tree ready where it is worked in; where that fails, the attempt ends so', async () => {
    const side = runSide();
    const made = await madeTree(side.root);
    made.tree.setup = 'echo ready > made.txt';
    const order = treeOrder(side.root, made, 'cat made.txt');
    await carried(side, order);
    expect(read(order, 'events.jsonl')).toBe('ready\n');
    made.tree.setup = 'echo no; exit 3';
    const failing = { ...treeOrder(side.root, made, 'true') };
    const placement = await side.dispatch.give(failing);
    const machine = host();
    const delivery = deliveryOf(placement, machine);
    const refusal: unknown = await delivery
      .layOut(placeOn(machine, placement))
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'tree-setup' });
    await delivery.handInRefusal(refusal as never);
    expect(await side.dispatch.takeIn(failing)).toMatchObject({
      termination_reason: 'orphaned',
      failure_kind: 'tree_setup',
      failure_summary: expect.stringContaining('exit status 3') as string,
    });
  });

  it('leaves large files on the worker, keeps the rest, and says so', async () => {
    const side = runSide();
    const made = await madeTree(side.root);
    made.tree.maxFileBytes = 1000;
    const run = 'echo two >> a.txt; head -c 2000 /dev/zero > large.bin; echo small > small.txt';
    const order = treeOrder(side.root, made, run);
    expect((await carried(side, order)).end).toMatchObject({
      termination_reason: 'nonzero_exit',
      failure_kind: 'workspace',
      failure_summary: expect.stringContaining('large.bin') as string,
    });
    const { directory } = made.tree;
    expect(readFileSync(path.join(directory, 'a.txt'), 'utf8')).toBe('one\ntwo\n');
    expect(existsSync(path.join(directory, 'small.txt'))).toBe(true);
    expect(existsSync(path.join(directory, 'large.bin'))).toBe(false);
  });

  it('fails what leaves a rebase unfinished, which the run could not see', async () => {
    const side = runSide();
    const made = await madeTree(side.root);
    const order = treeOrder(side.root, made, 'mkdir .git/rebase-merge');
    const { end } = await carried(side, order);
    expect(end.failure_summary).toContain('a rebase is in progress');
  });

  it('names a repository inside that stays on the worker, as of any tree', async () => {
    const side = runSide();
    const made = await madeTree(side.root);
    const { tree } = made;
    const run = 'git init -q inner; echo x > inner/f; git init -q d/empty; echo two >> a.txt';
    const order = treeOrder(side.root, made, run);
    await carried(side, order);
    const { repository, directory, indexFile, start, maxFileBytes, copied } = tree;
    const at = { repository, directory, indexFile };
    const work = await writeWork(testGit, at, { start, maxFileBytes, copied });
    expect(work).toMatchObject({
      ok: true,
      changed: ['a.txt'],
      left_out: [
        { path: 'd/empty', reason: 'nested_repository' },
        { path: 'inner', reason: 'nested_repository' },
      ],
    });
  });

  it('takes the files as they stand, whatever its agent has committed', async () => {
    const side = runSide();
    const made = await madeTree(side.root);
    const run =
      'echo two >> a.txt; git -c user.name=a -c user.email=a@b commit -qam mine; echo three >> a.txt; git checkout -q -b own';
    const order = treeOrder(side.root, made, run);
    const { end } = await carried(side, order);
    expect(end.return_code).toBe(0);
    const text = readFileSync(path.join(made.tree.directory, 'a.txt'), 'utf8');
    expect(text).toBe('one\ntwo\nthree\n');
  });

  it('has in the depot what its newest checkpoint needs, and nothing of those before', async () => {
    const { root, dispatch, depot } = runSide();
    const made = await madeTree(root);
    const order = treeOrder(root, made, ':');
    const placement = await dispatch.give(order);
    await workOn(placement, host(), async (there, delivery) => {
      for (const content of ['one', 'two', 'three']) {
        writeFileSync(path.join(there.cwd, 'grown'), content);
        await delivery.checkpoint(there, null);
        expect(readdirSync(attemptPlaces(depot.directory ?? '', placement.id).blobs)).toHaveLength(
          1,
        );
      }
    });
    await dispatch.takeCheckpoint(order);
    expect(readFileSync(path.join(made.tree.directory, 'grown'), 'utf8')).toBe('three');
  });

  it('goes on from the last checkpoint where its worker is lost', async () => {
    const side = runSide();
    const made = await madeTree(side.root);
    const order = treeOrder(side.root, made, 'true');
    const placement = await side.dispatch.give(order);
    await side.dispatch.takeCheckpoint(order);
    const machine = host();
    const delivery = deliveryOf(placement, machine);
    const there = await delivery.layOut(placeOn(machine, placement));
    writeFileSync(path.join(there.cwd, 'half.txt'), 'half of it\n');
    await delivery.checkpoint(there, null);
    writeFileSync(path.join(there.cwd, 'lost.txt'), 'lost\n');
    await side.dispatch.takeCheckpoint(order);
    await side.dispatch.close(order);
    const { directory } = made.tree;
    expect(readFileSync(path.join(directory, 'half.txt'), 'utf8')).toBe('half of it\n');
    expect(existsSync(path.join(directory, 'lost.txt'))).toBe(false);
    const next = treeOrder(side.root, made, 'cat half.txt');
    await carried(side, next);
    expect(read(next, 'events.jsonl')).toBe('half of it\n');
  });

  it('is small after the first: 1 kB of changes in a repository of 20 MB', async () => {
    const side = runSide();
    const files = Object.fromEntries(
      Array.from({ length: 200 }, (_, at) => [`d/${at}.bin`, randomBytes(100_000)]),
    );
    const made = await madeTree(side.root, { ...files, 'a.txt': 'one\n' });
    const machine = host();
    const first = treeOrder(side.root, made, 'true');
    await carried(side, first, machine);
    const run = 'head -c 1000 /dev/urandom > d/changed.bin';
    const order = treeOrder(side.root, made, run);
    const placement = await side.dispatch.give(order);
    await workOn(placement, machine);
    await side.dispatch.takeIn(order);
    expect(statSync(path.join(made.tree.directory, 'd/changed.bin')).size).toBe(1000);
    const text = manifestOf(side, placement);
    const { files: given, tree } = JSON.parse(text) as Said;
    expect(tree?.base.size).toBeGreaterThan(20_000_000);
    const places = attemptPlaces(side.depot.directory ?? '', placement.id);
    const left = readdirSync(places.blobs).map(
      (name) => statSync(path.join(places.blobs, name)).size,
    );
    const sum = (sizes: number[]): number => sizes.reduce((all, one) => all + one, 0);
    const bytes =
      text.length +
      sum(given.map((file) => file.size)) +
      (tree?.snapshot.size ?? 0) +
      sum(left) +
      statSync(places.end).size;
    process.stdout.write(`bytes over the wire: ${bytes}\n`);
    expect(bytes).toBeLessThan(100_000);
  }, 240_000);

  it('shows a merge in conflict to whoever resolves it elsewhere', async () => {
    const side = runSide();
    const made = await madeTree(side.root);
    const { repository, tree } = made;
    const own = path.join(tree.directory, '.git');
    repository.git('checkout', '-q', '-b', 'other');
    repository.write('a.txt', 'theirs\n');
    const theirs = repository.commit('theirs');
    const blob = (text: string): string =>
      execFileSync('git', ['hash-object', '-w', '--stdin'], {
        cwd: repository.dir,
        input: text,
        encoding: 'utf8',
      }).trim();
    writeFileSync(path.join(own, 'MERGE_HEAD'), `${theirs}\n`);
    writeFileSync(path.join(own, 'HEAD'), `${tree.start}\n`);
    const stages = [1, 2, 3].map((stage) => `100644 ${blob(`s${stage}\n`)} ${stage}\ta.txt\n`);
    execFileSync('git', ['update-index', '--index-info'], {
      cwd: tree.directory,
      input: `0 ${'0'.repeat(40)}\ta.txt\n${stages.join('')}`,
    });
    const start = { ...tree, start: theirs };
    const order = treeOrder(
      side.root,
      { ...made, tree: start },
      'git status --short; cat .git/MERGE_HEAD',
    );
    const { end } = await carried(side, order);
    expect(end.termination_reason).toBe('completed');
    const printed = read(order, 'events.jsonl');
    expect(printed).toContain('UU a.txt');
    expect(printed).toContain(theirs);
  });
});
