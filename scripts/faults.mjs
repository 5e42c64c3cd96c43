// `npm run faults`: builds an engine that can be told to die, and the driver that kills it.
// Options are those of test/faults/run-faults.ts.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';

const directory = '.test-tmp/faults-build';
const built = spawnSync(
  process.execPath,
  ['scripts/build.mjs', '--clean', '--faults', '--out', directory],
  { stdio: 'inherit' },
);
if (built.status !== 0) process.exit(1);
const driver = '.test-tmp/run-faults.mjs';
await build({
  entryPoints: ['test/faults/run-faults.ts'],
  outfile: driver,
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'error',
});
const words = process.argv.slice(2);
const result = spawnSync(process.execPath, [driver, ...words], { stdio: 'inherit' });
process.exit(result.status ?? 1);
