import { existsSync, readdirSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { partsOf, sweep } from '../../../../src/execution/temporal/worker/sweep.ts';
import {
  host,
  keptOn,
  madeTree,
  runSide,
  treeOrder,
  workOn,
  type Host,
} from '../remote-attempts.ts';

const LONG_AGO = Date.now() / 1000 - 8 * 24 * 3600;

function bases(machine: Host): string[] {
  const { cache } = partsOf(machine.directory);
  return readdirSync(cache).map((name) => path.join(cache, name));
}

function age(file: string): void {
  utimesSync(file, LONG_AGO, LONG_AGO);
}

it('a base that nobody has used for 7 days goes, but not while an attempt borrows of it', async () => {
  const side = runSide();
  const machine = host();
  const tree = await madeTree(side.root);
  const placement = await side.dispatch.give(treeOrder(side.root, tree, 'cat a.txt'));
  await workOn(placement, machine, async () => {
    for (const base of bases(machine)) age(path.join(base, 'codex-orch-used'));
    await sweep(machine.directory);
    expect(bases(machine)).toHaveLength(1);
  });
  await keptOn(machine, placement).settle({ kind: 'ended' });
  const next = await side.dispatch.give(treeOrder(side.root, tree, 'cat a.txt'));
  await workOn(next, machine);
  await keptOn(machine, next).settle({ kind: 'ended' });
  await sweep(machine.directory);
  expect(bases(machine)).toHaveLength(1);
  for (const base of bases(machine)) age(path.join(base, 'codex-orch-used'));
  await sweep(machine.directory);
  expect(bases(machine)).toEqual([]);
});

it('an attempt that was done with 7 days ago goes, one that was not handed in stays', async () => {
  const side = runSide();
  const machine = host();
  const tree = await madeTree(side.root);
  const [done, waiting] = [
    await side.dispatch.give(treeOrder(side.root, tree, ':')),
    await side.dispatch.give(treeOrder(side.root, tree, ':')),
  ];
  for (const each of [done, waiting]) await workOn(each, machine);
  await keptOn(machine, done).settle({ kind: 'ended' });
  await sweep(machine.directory);
  expect(keptOn(machine, done).result).toEqual({ kind: 'ended' });
  for (const file of ['result.json', 'claim']) {
    age(path.join(keptOn(machine, done).directory, file));
  }
  age(path.join(keptOn(machine, waiting).directory, 'claim'));
  await sweep(machine.directory);
  expect(existsSync(keptOn(machine, done).directory)).toBe(false);
  expect(existsSync(keptOn(machine, waiting).place)).toBe(true);
});
