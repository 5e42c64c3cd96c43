// `node scripts/dependency-sizes.mjs`: what each dependency adds to the program and to the page, in kB after
// minification: the figures of docs/dependencies.md.
import { build } from 'esbuild';

const sides = {
  program: { entryPoints: ['src/main.ts'], platform: 'node', define: { CODEX_ORCH_VERSION: '""' } },
  page: {
    entryPoints: ['src/web/page/main.tsx'],
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.css': 'empty' },
  },
};

for (const [side, options] of Object.entries(sides)) {
  const { metafile } = await build({
    ...options,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    metafile: true,
    write: false,
    outdir: 'dist',
    logLevel: 'error',
  });
  const bytes = new Map();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? 'our own';
      bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
    }
  }
  console.log(`${side}:`);
  for (const [name, size] of [...bytes].sort(([, a], [, b]) => b - a)) {
    console.log(`  ${String(Math.round(size / 1024)).padStart(5)} ${name}`);
  }
}
