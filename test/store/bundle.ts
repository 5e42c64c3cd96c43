/** Makes a script of ours runnable by plain Node, for tests that need real processes. */
import { build } from 'esbuild';
import path from 'node:path';

/** `faultPoint`: a module to take the place of src/disk/fault-point.ts, to interfere at its steps. */
export async function bundle(
  source: string,
  target: string,
  options: { faultPoint?: string } = {},
): Promise<void> {
  const { faultPoint } = options;
  await build({
    entryPoints: [source],
    outfile: target,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    plugins:
      faultPoint === undefined
        ? []
        : [
            {
              name: 'interfere',
              setup(plugin) {
                plugin.onResolve({ filter: /\/fault-point\.ts$/ }, () => ({
                  path: path.resolve(faultPoint),
                }));
              },
            },
          ],
  });
}
