// Prints the tests that reach a source file, those that import it most directly first, or the tests of a
// section of the contract. Tests of the built program import nothing of it: they are found by section alone.
//
//   node scripts/tests-for.mjs src/core/plan/plan.ts
//   node scripts/tests-for.mjs 8.4
import { build } from 'esbuild';
import { readdirSync } from 'node:fs';
import path from 'node:path';

const [wanted] = process.argv.slice(2);
if (wanted === undefined) {
  process.stderr.write('usage: node scripts/tests-for.mjs SOURCE-FILE | SECTION\n');
  process.exit(2);
}
process.chdir(path.join(import.meta.dirname, '..'));
const tests = readdirSync('test', { recursive: true })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/${name}`)
  .sort();

const found = /^\d+(\.\d+)?$/.test(wanted) ? ofSection(wanted) : await reaching(wanted);
if (found.length === 0) process.stderr.write(`no test is found for ${wanted}\n`);
process.stdout.write(found.map((file) => `${file}\n`).join(''));
process.exitCode = found.length === 0 ? 1 : 0;

/** `8` are those of 8.1 and so on, too. */
function ofSection(number) {
  const [section, part] = number.split('.');
  const prefix = `test/contract/${section.padStart(2, '0')}${part === undefined ? '' : `.${part}-`}`;
  return tests.filter((file) => file.startsWith(prefix));
}

async function reaching(source) {
  const { metafile } = await build({
    entryPoints: tests,
    bundle: true,
    write: false,
    metafile: true,
    outdir: '.test-tmp/none',
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  const importers = new Map();
  for (const [file, { imports }] of Object.entries(metafile.inputs)) {
    for (const { path: imported } of imports)
      importers.set(imported, [...(importers.get(imported) ?? []), file]);
  }
  // A set keeps the order in which files come: nearest first.
  const reached = new Set([path.relative('.', path.resolve(source))]);
  for (const file of reached) for (const each of importers.get(file) ?? []) reached.add(each);
  return [...reached].filter((file) => file.endsWith('.test.ts'));
}
