/** Makes the actor runnable by plain Node. */
import { build } from 'esbuild';

export async function bundleActor(target: string): Promise<void> {
  await build({
    entryPoints: ['test/races/actor.ts'],
    outfile: target,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    define: { CODEX_ORCH_VERSION: '"0.0.0-test"' },
    banner: {
      js: "import { createRequire as __r } from 'node:module';const require = __r(import.meta.url);",
    },
  });
}
