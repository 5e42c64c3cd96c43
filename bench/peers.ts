/** `--peers`: what else of this machine runs as many no-ops, two at a time, beside us. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ms, row, rounds, times, type Bench, type Row } from './bench.ts';
import { startOf, xargsOf } from './driving.ts';
import { ratioOf, spend, type Argv, type Pair, type RunOptions, type Spent } from './measure.ts';
import { wide } from './programs.ts';

interface Peer {
  name: string;
  /** Rounds for so many commands. */
  rounds(count: number): number;
  /** What runs so many. */
  command(count: number): { argv: Argv; options?: RunOptions };
  /** At most so many times its wall time, and whether that holds for processor time, too; null: only reported. */
  target(count: number): { wall: number; alsoProcessor: boolean } | null;
}

export function peers(bench: Bench): Row[] {
  const counts = bench.quick ? [10] : [10, 100, 1000];
  const all = [xargs(bench), make(bench), ...dagu(bench)];
  return counts.flatMap((count) => {
    const program = wide(path.join(bench.directory, `peers-${count}`), count);
    return all.map((peer) => {
      const { argv, options } = peer.command(count);
      const measured = Array.from({ length: rounds(bench, peer.rounds(count)) }, () => [
        spend(startOf(bench, program)),
        spend(argv, options),
      ]);
      const of = (key: keyof Spent): Pair =>
        ratioOf(measured.map(([x, y]) => [x?.[key] ?? NaN, y?.[key] ?? NaN]));
      return against(`a run of ${count} against \`${peer.name}\``, of, peer.target(count));
    });
  });
}

function against(
  measure: string,
  of: (key: keyof Spent) => Pair,
  target: ReturnType<Peer['target']>,
): Row {
  const [wall, cpu] = [of('wallMs'), of('cpuMs')];
  const shown = ({ a, b, ratio }: Pair): string => `${times(ratio)} (${ms(a)} against ${ms(b)})`;
  const measured = `wall ${shown(wall)}, processor ${shown(cpu)}`;
  if (target === null) return row(measure, measured, 'reported', null);
  const words = `wall at most ${times(target.wall)}${target.alsoProcessor ? ', processor too' : ''}`;
  const met = wall.ratio <= target.wall && (!target.alsoProcessor || cpu.ratio <= target.wall);
  return row(measure, measured, words, met);
}

function xargs(bench: Bench): Peer {
  return {
    name: 'xargs -P2',
    rounds: () => 3,
    command: (count) => ({ argv: xargsOf(bench, count, 2) }),
    target: () => null,
  };
}

function make(bench: Bench): Peer {
  const command = (count: number): { argv: Argv } => {
    const file = path.join(bench.directory, `peers-${count}.mk`);
    const names = Array.from({ length: count }, (_, i) => `t${i}`).join(' ');
    writeFileSync(file, `all: ${names}\n.PHONY: all ${names}\n${names}:\n\t@:;:\n`);
    return { argv: ['make', '-s', '-j2', '-f', file] };
  };
  return { name: 'make -j2', rounds: () => 3, command, target: () => null };
}

/** Dagu, where it is on PATH: a file of steps that depend on nothing, and its state in a directory of its own. */
function dagu(bench: Bench): Peer[] {
  const version = spawnSync('dagu', ['version'], { encoding: 'utf8' });
  if (version.error !== undefined) return [];
  const name = `dagu start (${version.stdout.trim() || version.stderr.trim()})`;
  const home = path.join(bench.directory, 'dagu');
  const command = (count: number): { argv: Argv; options: RunOptions } => {
    mkdirSync(home, { recursive: true });
    const file = path.join(home, `wide-${count}.yaml`);
    const step = (i: number): string => `  - {name: t${i}, command: ":", shell: /bin/sh}`;
    const steps = Array.from({ length: count }, (_, i) => step(i)).join('\n');
    writeFileSync(file, `type: graph\nmaxActiveSteps: 2\nsteps:\n${steps}\n`);
    return { argv: ['dagu', 'start', file], options: { env: { ...process.env, DAGU_HOME: home } } };
  };
  return [
    {
      name,
      // It takes a minute for a thousand.
      rounds: (count) => (count === 1000 ? 1 : 5),
      command,
      target: (count) => ({ wall: count === 10 ? 1.2 : 1, alsoProcessor: count > 10 }),
    },
  ];
}
