import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newProgramFiles } from '../../src/program/new-program.ts';
import { validate } from '../../src/app/program/validate.ts';
import { cases } from '../support/cases.ts';
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

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.nat(30),
  put: fc.oneof(fc.constantFrom(...nasty), fc.string({ maxLength: 8 })),
});

// Programs with schemas take longer to validate, because schemas are compiled: fewer of them.
it.each([
  ['basic', cases({ fewest: 15, few: 150, many: 2_500 })],
  ['backlog_drain', cases({ fewest: 1, few: 5, many: 100 })],
  ['quality_convergence', cases({ fewest: 1, few: 5, many: 100 })],
] as const)('3. Validation: no mutation of %s makes it crash', async (template, numRuns) => {
  const files = newProgramFiles({
    name: 'x',
    workspace: '.',
    template,
    description: null,
    defaultAgent: null,
    defaultSandbox: null,
    maxConcurrency: null,
    edition: 2,
  });
  const program = sampleProgram(Object.fromEntries(files));
  const before = snapshot(program);
  const authored = [...files].filter(([file]) => /^(tasks\/.*|project)\.yaml$/.test(file));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(authored.length - 1),
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      async (index, edits) => {
        const [file, text] = authored[index] as [string, string];
        let mutated = text;
        for (const { at, drop, put } of edits) {
          const from = Math.floor(at * mutated.length);
          mutated = mutated.slice(0, from) + put + mutated.slice(from + drop);
        }
        const { report } = await validate(placeOf(program), new Map([[file, mutated]]));
        for (const diagnostic of [...report.errors, ...report.warnings]) {
          expect(diagnostic.code).toMatch(/^[a-z_]+\.[a-z_]+$/);
          expect(diagnostic.message).not.toMatch(/undefined|\[object|NaN/);
          if (diagnostic.line !== null) expect(diagnostic.line).toBeGreaterThan(0);
        }
      },
    ),
    { numRuns, seed: 7 },
  );
  expect(snapshot(program)).toEqual(before);
});
