import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newProgramFiles, templateNames } from '../../src/program/new-program.ts';
import { validate } from '../../src/app/validate-program.ts';
import { placeOf, sampleProgram, snapshot } from './sample-program.ts';

const nasty = [
  '',
  ' ',
  '\t',
  '\n',
  ':',
  '- ',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '#',
  '&a',
  '*a',
  '!x',
  '|',
  '>',
  '%',
  '---\n',
  '<<: *a\n',
  '~',
  'null',
  'true',
  '.inf',
  '-1',
  '0',
  '1e999',
  '99999999999999999999',
  '../..',
  '/etc/passwd',
  '\0',
  '\u2028',
  '😀',
  '__proto__: {x: 1}\n',
  'constructor: x\n',
  'toString',
  '${inputs.x}',
  '$',
  '${',
  'deps.',
  '? [a, b]\n',
  'x'.repeat(300),
];

it('3. Validation: no mutation of a program makes it crash', { timeout: 120_000 }, async () => {
  const programs = templateNames.map((template) => {
    const files = newProgramFiles({
      name: 'x',
      workspace: '.',
      template,
      description: null,
      defaultAgent: null,
      defaultSandbox: null,
      maxConcurrency: null,
    });
    return { dir: sampleProgram(Object.fromEntries(files)), files: [...files.keys()] };
  });
  const yaml = programs.flatMap(({ dir, files }) =>
    files
      .filter((file) => file.startsWith('tasks/') || file === 'project.yaml')
      .map((file) => ({ dir, file, text: readFileSync(path.join(dir, file), 'utf8') })),
  );
  const before = programs.map(({ dir }) => snapshot(dir));
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.nat(30),
    put: fc.oneof(fc.constantFrom(...nasty), fc.string({ maxLength: 8 })),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(yaml.length - 1),
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      async (index, edits) => {
        const { dir, file, text } = yaml[index] as (typeof yaml)[number];
        let mutated = text;
        for (const { at, drop, put } of edits) {
          const from = Math.floor(at * mutated.length);
          mutated = mutated.slice(0, from) + put + mutated.slice(from + drop);
        }
        const { report } = await validate(placeOf(dir), new Map([[file, mutated]]));
        for (const diagnostic of [...report.errors, ...report.warnings]) {
          expect(diagnostic.code).toMatch(/^[a-z_]+\.[a-z_]+$/);
          expect(diagnostic.message).not.toMatch(/undefined|\[object|NaN/);
          if (diagnostic.line !== null) expect(diagnostic.line).toBeGreaterThan(0);
        }
      },
    ),
    { numRuns: 1500, seed: 7 },
  );
  expect(programs.map(({ dir }) => snapshot(dir))).toEqual(before);
});
