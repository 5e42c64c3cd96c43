// Builds what users run: dist/main.js, which loads dist/lib/program.js, the whole program in one file; what V8 made of
// that beside it, the client of a Temporal server, which few need, in a file of its own that few load, the bridge to agents that
// attempts run, and the launcher of attempts; and the web page in dist/web, so that a user builds nothing.
// Dependencies are bundled, so that a start reads few files; `codex-orch --version` loads main.js alone.
//
//   node scripts/build.mjs [--out DIR] [--clean] [--faults] [--no-page]
//
// --clean removes what an earlier build left (processes that still run from it would miss it).
// --no-page leaves the page as an earlier build made it, which is quicker.
// --faults makes a build that can be told to die at its n-th step: see src/disk/fault-point.ts.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildLauncher } from './build-launcher.mjs';
import { compileAhead } from './compile-ahead.mjs';
import { thirdPartyLicenses } from './third-party-licenses.mjs';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'dist' },
    clean: { type: 'boolean', default: false },
    faults: { type: 'boolean', default: false },
    'no-page': { type: 'boolean', default: false },
  },
});
const { out } = values;
const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
/** Where the hash of what was built comes to stand. */
const buildPlace = '<the hash of the build>';
if (values.clean) await rm(out, { recursive: true, force: true });
/** Beside the program, which loads it where it is imported. */
const clientOfItsOwn = [
  { filter: /^@temporalio\/client$/ },
  ({ kind }) => (kind === 'entry-point' ? undefined : { path: './temporal.js', external: true }),
];
const { outputFiles, metafile } = await build({
  metafile: true,
  entryPoints: {
    main: 'src/start.ts',
    'lib/program': 'src/main.ts',
    'lib/acp-bridge': 'src/acp-bridge.ts',
    'lib/temporal': '@temporalio/client',
  },
  // The worker's side of Temporal cannot be bundled: whoever has workers installs it beside this package.
  external: ['@temporalio/worker', '@temporalio/activity'],
  plugins: [{ name: 'client-of-its-own', setup: (plan) => plan.onResolve(...clientOfItsOwn) }],
  outdir: out,
  write: false,
  bundle: true,
  // Modules that are imported lazily are run lazily, out of the one file.
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  // What src/start.ts runs has no import() of its own.
  supported: { 'dynamic-import': false },
  define: {
    CODEX_ORCH_VERSION: JSON.stringify(version),
    CODEX_ORCH_BUILD: JSON.stringify(buildPlace),
    CODEX_ORCH_FAULTS: String(values.faults),
    'import.meta.dirname': '__dirname',
  },
  minifySyntax: true,
  // A start reads less; names stay, so that a stack still tells where it was.
  minifyWhitespace: true,
  legalComments: 'linked',
  logLevel: 'warning',
});

// Installed as they are: see src/app/machine/skills.ts.
await cp('src/app/skills', path.join(out, 'skills'), { recursive: true });

buildLauncher(path.join(out, 'lib'));

// The entry last, and each file whole, so that a process that starts meanwhile finds what it needs.
const entry = path.resolve(out, 'main.js');
const last = (file) => (path.resolve(file.path) === entry ? 1 : 0);
if (!values['no-page']) {
  const pageModules = await buildPage();
  const text = thirdPartyLicenses([...Object.keys(metafile.inputs), ...pageModules]);
  await place({ path: path.resolve(out, 'THIRD_PARTY_LICENSES.txt'), text, contents: text });
}
// The package is of ES modules; what is built is not.
await place({ path: path.resolve(out, 'package.json'), contents: '{ "type": "commonjs" }\n' });
await place({ path: path.resolve(out, 'web', 'package.json'), contents: '{ "type": "module" }\n' });
for (const file of outputFiles.sort((a, b) => last(a) - last(b))) await place(file);
await chmod(entry, 0o755);
if (!values.faults) await compileAhead(out);

async function place(file) {
  await mkdir(path.dirname(file.path), { recursive: true });
  const isEntry = path.resolve(file.path) === entry;
  let text = isEntry ? `#!/usr/bin/env node\n${file.text}` : file.contents;
  // By which src/start.ts tells whether what was compiled ahead is of this text.
  if (file.path.endsWith('program.js')) {
    const build = sha256(file.text);
    text = `// ${build}\n${file.text.replace(buildPlace, build)}`;
  }
  const temporary = `${file.path}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode: isEntry ? 0o755 : 0o644 });
  await rename(temporary, file.path);
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** The page, with `index.html` last. Returns the files that it is made of. What it needs no connection for: everything is in node_modules. */
async function buildPage() {
  const { build: buildWithVite } = await import('vite');
  const page = new URL('../src/web/page/', import.meta.url);
  const bundled = new Set();
  const { output } = await buildWithVite({
    configFile: fileURLToPath(new URL('vite.config.mjs', page)),
    logLevel: 'error',
    build: { write: false },
    plugins: [{ name: 'bundled', load: (id) => void bundled.add(id.split('?')[0]) }],
  });
  // Such a module is empty in a browser: what takes it there fails when it is loaded.
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  if (modules.some((id) => id.includes('__vite-browser-external'))) {
    throw new Error('The page takes a module of Node, which fails in a browser.');
  }
  const built = output.map((file) => ({
    path: path.join(out, 'web', file.fileName),
    contents: file.type === 'chunk' ? file.code : file.source,
  }));
  const publicFiles = new URL('public/', page);
  for (const name of await readdir(publicFiles)) {
    const contents = await readFile(new URL(name, publicFiles));
    built.unshift({ path: path.join(out, 'web', name), contents });
  }
  const html = (file) => (file.path.endsWith('.html') ? 1 : 0);
  for (const file of built.sort((a, b) => html(a) - html(b))) await place(file);
  return [...bundled].filter((id) => path.isAbsolute(id));
}
