// Builds the page into static files that the server hands out. No plugin: the compiler knows JSX.
import path from 'node:path';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  oxc: { jsx: { runtime: 'automatic' } },
  build: {
    outDir: '../../../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    // The content security policy allows no data: addresses, and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: ['index.html', 'sign-in.html'].map((file) => path.join(import.meta.dirname, file)),
      output: {
        // What several views share is small: one file is read faster than ten. These three draw in more.
        codeSplitting: {
          groups: [
            {
              name: 'shared',
              test: /page\/(data|parts)\/(?!markdown|artifact|json-view)/,
              minShareCount: 3,
            },
          ],
        },
      },
    },
  },
});
