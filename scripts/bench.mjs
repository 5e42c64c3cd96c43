// `npm run bench`: builds the program and the measurements, then measures. Options are those of bench/main.ts.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';

mkdirSync('.test-tmp', { recursive: true });
const directory = mkdtempSync(path.resolve('.test-tmp', 'bench-build-'));
let status = 1;
try {
  const out = path.join(directory, 'dist');
  const built = spawnSync(process.execPath, ['scripts/build.mjs', '--out', out], {
    stdio: 'inherit',
  });
  if (built.status !== 0) process.exit(1);
  const outfile = path.join(directory, 'bench.mjs');
  const common = { bundle: true, platform: 'node', format: 'esm', logLevel: 'error' };
  // No code of ours: the browser's driver finds its parts by where it lies, the server's client is no module of today.
  const external = ['playwright-core', '@temporalio/client'];
  await build({ ...common, external, entryPoints: ['bench/main.ts'], outfile });
  const words = ['--cli', path.join(out, 'main.js'), ...process.argv.slice(2)];
  ({ status } = spawnSync(process.execPath, [outfile, ...words], { stdio: 'inherit' }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(status ?? 1);
