// Builds what users run: dist/main.js and its chunks, one per lazily imported command.
// Dependencies are bundled, so that a start reads few files; `codex-orch --version` loads main.js alone.
import { build } from 'esbuild';
import { chmod, readFile, rm } from 'node:fs/promises';

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: { main: 'src/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  chunkNames: 'chunks/[name]-[hash]',
  define: { CODEX_ORCH_VERSION: JSON.stringify(version) },
  legalComments: 'linked',
  // Some bundled packages are CommonJS and call require() for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
  plugins: [shebang()],
  logLevel: 'warning',
});
await chmod('dist/main.js', 0o755);

/** Node needs the shebang on the first line of the entry alone, and a banner goes to every chunk. */
function shebang() {
  return {
    name: 'shebang',
    setup(b) {
      b.onEnd(async () => {
        const { readFile, writeFile } = await import('node:fs/promises');
        const text = await readFile('dist/main.js', 'utf8');
        if (!text.startsWith('#!')) await writeFile('dist/main.js', `#!/usr/bin/env node\n${text}`);
      });
    },
  };
}
