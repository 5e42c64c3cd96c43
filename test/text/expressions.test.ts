/**
 * Each regular expression of the program takes a time that grows with its input and no faster: most of them meet text
 * that an agent wrote, and one that backtracks would hold up an engine or the page for minutes.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { withinLimit } from '../../src/schema/within-limit.ts';

const LENGTH = 1_000_000;
/** A linear expression needs a few milliseconds; this is for a machine that has other things to do. */
const LIMIT_MS = 1500;

interface Expression {
  where: string;
  text: string;
}

function expressionsIn(file: string): Expression[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(file, 'utf8'),
    ts.ScriptTarget.Latest,
    false,
    file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
  );
  const found: Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.pos);
      found.push({ where: `${file}:${line + 1}`, text: node.text });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((name) => path.join('src', name))
  .filter((name) => /\.tsx?$/.test(name));
const all = new Map<string, string[]>();
for (const { where, text } of files.flatMap(expressionsIn)) {
  all.set(text, [...(all.get(text) ?? []), where]);
}

/** Runs of one character, after something that an expression may begin with, and before what may not follow. */
const runs = [
  'a',
  'A',
  '0',
  ' ',
  '\n',
  '\t',
  '`',
  '-',
  '_',
  '.',
  '"',
  "'",
  '/',
  ':',
  '#',
  '*',
  '=',
  '[',
  '{',
  '(',
  '<',
  '\\',
  '~',
  '\u00e4',
  'a ',
  'a\n',
  'a,',
  '-a',
  '" ',
];
const before = ['', 'a', '```a', '"', '- ', '  ', 'a: ', '<', '[', '\u001b[', '#'];
const after = ['', '!'];

function isFast(text: string): string | null {
  const end = text.lastIndexOf('/');
  const flags = text.slice(end + 1).replace(/[gy]/g, '');
  const expression = new RegExp(text.slice(1, end), `${flags}g`);
  for (const run of runs) {
    for (const first of before) {
      for (const last of after) {
        // Any number of looks at the same place would do; one that goes on from each is what the program does.
        const length = first === '' ? LENGTH : LENGTH / 10;
        const input = first + run.repeat(length / run.length) + last;
        const done = withinLimit(() => {
          expression.lastIndex = 0;
          let looks = 0;
          while (looks < 3 && expression.exec(input) !== null) looks += 1;
          return looks;
        }, LIMIT_MS);
        if (!done.ok) return JSON.stringify(`${first}${run}…${last}`);
      }
    }
  }
  return null;
}

describe('every expression of the program is linear', () => {
  it('and they are found', () => expect(all.size).toBeGreaterThan(100));

  it.each([...all])('%s', (text, places) => {
    expect(isFast(text), places.join(', ')).toBeNull();
  });
});
