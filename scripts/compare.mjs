// `npm run bench:compare -- OTHER`: builds this checkout's measurements and compares its program with the one that
// is built in OTHER, another checkout: see bench/compare.ts.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';

const other = process.argv[2];
if (other === undefined) {
  console.error('usage: npm run bench:compare -- OTHER-CHECKOUT (built)');
  process.exit(2);
}
mkdirSync('.test-tmp', { recursive: true });
const directory = mkdtempSync(path.resolve('.test-tmp', 'compare-build-'));
const common = { bundle: true, platform: 'node', format: 'esm', logLevel: 'error' };
let status = 1;
try {
  const sides = [];
  for (const [name, checkout] of [
    ['ours', '.'],
    ['theirs', other],
  ]) {
    const outfile = path.join(directory, `${name}.mjs`);
    await build({ ...common, entryPoints: [path.join(checkout, 'bench/planning.ts')], outfile });
    sides.push(`${path.resolve(checkout, 'dist/main.js')},${outfile}`);
  }
  const outfile = path.join(directory, 'compare.mjs');
  await build({ ...common, entryPoints: ['bench/compare.ts'], outfile });
  ({ status } = spawnSync(process.execPath, [outfile, ...sides], { stdio: 'inherit' }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(status ?? 1);
