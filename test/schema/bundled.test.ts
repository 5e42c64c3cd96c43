/** The check of values by schemas, as it is bundled. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { build } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { put, removeDirectory, temporaryDirectory } from '../attempt/fixture.ts';

it('works in the bundle that users run, where packages come in another shape', async () => {
  const root = temporaryDirectory();
  onTestFinished(() => removeDirectory(root));
  put(root, 's.yaml', '$schema: http://json-schema.org/draft-07/schema#\ntype: string\n');
  put(root, 't.json', '{"items":{"$ref":"s.yaml"},"format":"date"}');
  const library = path.resolve('src/schema/json-schema.ts');
  const entry = put(
    root,
    'entry.ts',
    `import { loadSchema } from ${JSON.stringify(library)};
for (const file of ['s.yaml', 't.json']) {
  const schema = await loadSchema(${JSON.stringify(root)}, file);
  process.stdout.write(JSON.stringify(schema.check([1])));
}`,
  );
  await build({
    entryPoints: [entry],
    outdir: path.join(root, 'out'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    outExtension: { '.js': '.mjs' },
    banner: {
      js: "import { createRequire as c } from 'node:module';const require = c(import.meta.url);",
    },
  });
  const printed = execFileSync(process.execPath, [path.join(root, 'out/entry.mjs')], {
    encoding: 'utf8',
  });
  expect(printed).toBe(
    '{"ok":false,"problems":[{"pointer":"","message":"must be string, not array"}]}' +
      '{"ok":false,"problems":[{"pointer":"/0","message":"must be string, not number"}]}',
  );
});
