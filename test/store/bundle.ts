/** Makes a script of ours runnable by plain Node, for tests that need real processes. */
import { buildSync } from 'esbuild';

export function bundle(source: string, target: string): void {
  buildSync({
    entryPoints: [source],
    outfile: target,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
}
