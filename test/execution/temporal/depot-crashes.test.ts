/** Both sides are killed before, and in the middle of, their steps: done again, all of it is whole. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { testEnv } from '../../git/made-repository.ts';
import { cases } from '../../support/cases.ts';
import { read, temporaryDirectory } from '../local/orders.ts';
import type { Steps } from './depot-steps.ts';
import { madeTree, treeOrder } from './remote-attempts.ts';

const root = temporaryDirectory('depot-crashes');
const program = path.join(root, 'depot-steps.mjs');
/** Of one phase: no more is a crash of ours, but one that hangs. */
const PHASE_MS = 60_000;
/** Of each phase, evenly: each is a process of its own. */
const POINTS = cases({ few: 4, many: 12 });

beforeAll(async () => {
  await build({
    entryPoints: [path.join(import.meta.dirname, 'depot-steps.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    define: { CODEX_ORCH_FAULTS: 'true', CODEX_ORCH_VERSION: '"0.0.0-test"' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
});

/** Runs a phase to its end, or to the death that `how` tells it to die: by what it was killed, null where it ended well. */
function done(phase: string, file: string, how: NodeJS.ProcessEnv = {}): string | null {
  const { status, signal, stderr, error } = spawnSync(process.execPath, [program, phase, file], {
    env: { ...testEnv, HOME: root, ...how },
    encoding: 'utf8',
    timeout: PHASE_MS,
    killSignal: 'SIGKILL',
  });
  // Also where it was killed because it took too long: that is no crash.
  if (error !== undefined) throw error;
  if (status !== 0 && signal === null) throw new Error(`status ${status}\n${stderr}`);
  if (signal !== null && how['CODEX_ORCH_DIE_AT'] === undefined) throw new Error(signal);
  return signal;
}

const phases = ['give', 'lay-out', 'work', 'hand-in', 'take-in', 'close'] as const;

describe('a crash on the way', () => {
  it.each(phases.filter((phase) => phase !== 'work'))(
    'of "%s" is followed by what was to come',
    async (phase) => {
      const at = path.join(root, phase);
      const made = await madeTree(at);
      const order = treeOrder(at, made, 'true');
      const steps: Steps = {
        order,
        depot: { directory: path.join(at, 'depot'), listen: null, url: null },
        globalRoot: path.join(at, 'global'),
        host: path.join(at, 'host'),
        place: path.join(at, 'host', 'place'),
      };
      const file = path.join(root, `${phase}.json`);
      writeFileSync(file, JSON.stringify(steps));
      const reached = phases.indexOf(phase);
      for (const before of phases.slice(0, reached)) done(before, file);
      const [spare, repository] = [`${at}.spare`, `${made.repository.dir}.spare`];
      cpSync(at, spare, { recursive: true, verbatimSymlinks: true });
      cpSync(made.repository.dir, repository, { recursive: true, verbatimSymlinks: true });
      const again = (): void => {
        for (const [to, from] of [
          [at, spare],
          [made.repository.dir, repository],
        ] as const) {
          rmSync(to, { recursive: true });
          cpSync(from, to, { recursive: true, verbatimSymlinks: true });
        }
      };
      const log = path.join(root, `${phase}.steps`);
      done(phase, file, { CODEX_ORCH_STEPS_FILE: log });
      const count = readFileSync(log, 'utf8').trim().split('\n').length;
      const points = Array.from({ length: POINTS }, (_, one) =>
        Math.max(1, Math.round((count * (one + 0.5)) / POINTS)),
      );
      for (const [one, point] of [...points, count].entries()) {
        again();
        const how = { CODEX_ORCH_DIE_AT: `${point}`, CODEX_ORCH_TEAR: `${one % 2}` };
        expect([point, done(phase, file, how)]).toEqual([point, 'SIGKILL']);
        for (const rest of phases.slice(reached)) {
          if (rest === 'work' || rest === 'close') continue;
          if (rest === 'hand-in' && reached < phases.indexOf('work')) done('work', file);
          done(rest, file);
        }
        done('close', file);
        expect(read(order, 'left.txt')).toBe('left\n');
        expect(read(order, 'events.jsonl')).toBe('printed\n'.repeat(1000));
        expect(readFileSync(path.join(made.tree.directory, 'made.txt'), 'utf8')).toBe('made\n');
        expect(existsSync(path.join(order.controlDir, '.taking'))).toBe(false);
        expect(made.repository.git('for-each-ref', 'refs/codex-orch')).toBe('');
      }
    },
    600_000,
  );
});
