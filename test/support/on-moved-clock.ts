/** The program as users run it, but for its clock: the test says by how much that is later than the machine's. */
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { builtEntry } from './built-program.ts';

export interface OnMovedClock {
  /** In place of `builtEntry`. */
  entry: string;
  /** To be run with. */
  env: { TEST_CLOCK_FILE: string };
  /** From now on it is so much later, or earlier, than on the machine. */
  move(ms: number): void;
}

/** `directory`: where it is put, and is new. The program itself has to be built. */
export async function buildOnMovedClock(directory: string): Promise<OnMovedClock> {
  cpSync(path.dirname(builtEntry), directory, { recursive: true });
  const program = path.join(directory, 'lib', 'program.js');
  // What was compiled ahead is of the other text.
  rmSync(`${program}.compiled`, { force: true });
  await build({
    entryPoints: ['src/main.ts'],
    outfile: program,
    allowOverwrite: true,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    external: ['@temporalio/*'],
    define: {
      CODEX_ORCH_VERSION: JSON.stringify('0.0.0-test'),
      CODEX_ORCH_BUILD: JSON.stringify('on a moved clock'),
      CODEX_ORCH_FAULTS: 'false',
      'import.meta.dirname': '__dirname',
    },
    logLevel: 'error',
    plugins: [
      {
        name: 'moved-clock',
        setup({ onResolve }) {
          onResolve({ filter: /\/clock\.ts$/ }, ({ importer }) =>
            importer.endsWith('src/main.ts')
              ? { path: path.resolve('test/support/moved-clock.ts') }
              : undefined,
          );
        },
      },
    ],
  });
  const file = path.join(directory, 'clock');
  const move = (ms: number): void => writeFileSync(file, String(ms));
  move(0);
  return {
    entry: path.join(directory, 'main.js'),
    env: { TEST_CLOCK_FILE: file },
    move,
  };
}
