/** What is made of the code is up to date. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { builtEntry } from '../support/built-program.ts';

const run = promisify(execFile);

describe('what scripts make', () => {
  it.each(['command-reference', 'doc-schemas', 'api-schemas'])(
    '%s is up to date',
    async (name) => {
      const env = { ...process.env, CODEX_ORCH_TEST_DIST: path.dirname(builtEntry) };
      const script = path.resolve('scripts', `${name}.mjs`);
      await expect(run(process.execPath, [script, '--check'], { env })).resolves.toMatchObject({
        stdout: '',
      });
    },
    240_000,
  );
});

it('docs/dependencies.md gives the reason for each package', () => {
  const page = readFileSync('docs/dependencies.md', 'utf8');
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const named = [...page.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell]) =>
    [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  expect([...new Set(named)].sort()).toEqual(Object.keys(devDependencies).sort());
});
