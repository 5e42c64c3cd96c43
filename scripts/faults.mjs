// `npm run faults`: builds an engine that can be told to die, and the driver that kills it.
// Options are those of test/faults/run-faults.ts.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import path from 'node:path';

mkdirSync('.test-tmp', { recursive: true });
const directory = mkdtempSync(path.resolve('.test-tmp', 'faults-'));
const out = path.join(directory, 'build');
const words = ['scripts/build.mjs', '--faults', '--out', out];
const built = spawnSync(process.execPath, words, { stdio: 'inherit' });
if (built.status !== 0) process.exit(1);
const driver = path.join(directory, 'run-faults.mjs');
await build({
  entryPoints: ['test/faults/run-faults.ts'],
  outfile: driver,
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'error',
});
const options = [...process.argv.slice(2), '--directory', directory];
const result = spawnSync(process.execPath, [driver, ...options], { stdio: 'inherit' });
process.exit(result.status ?? 1);
