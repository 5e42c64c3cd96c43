/** An edit of authored YAML changes what was edited, and no other byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type Json } from '../../../src/model/json.ts';
import {
  appendItem,
  removeField,
  removeItems,
  setFields,
  toYaml,
  withAllFields,
} from '../../../src/program/source/edit-yaml.ts';
import { parseYaml } from '../../../src/program/source/yaml-source.ts';
import { cases } from '../../support/cases.ts';

function valueOf(text: string): Record<string, Json> {
  const { source, problems } = parseYaml(text);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return (source?.value ?? {}) as Record<string, Json>;
}

describe('setting a field', () => {
  it.each<[name: string, before: string, field: string, value: Json, after: string]>([
    ['a plain text', 'id: a # x\ntitle: T\n', 'id', 'b', 'id: b # x\ntitle: T\n'],
    ['a quoted text', "title: 'It''s'   # x\n", 'title', "It's so", "title: 'It''s so'   # x\n"],
    ['text in double quotes', 'title: "T"\n', 'title', 'U: v', 'title: "U: v"\n'],
    ['text that needs quotes', 'title: T\n', 'title', 'yes', 'title: "yes"\n'],
    ['an empty field', 'model: # none\nid: a\n', 'model', 'm', 'model: m # none\nid: a\n'],
    ['a new field', 'id: a\n# end\n', 'model', 'm', 'id: a\nmodel: m\n# end\n'],
    ['a new field, no line break at the end', 'id: a', 'model', 'm', 'id: a\nmodel: m'],
    [
      'a text on the next line',
      'title:\n  long\n  text\nid: a\n',
      'title',
      'T',
      'title:\n  T\nid: a\n',
    ],
    ['a block', 'run: |\n  a\n  b\nid: x\n', 'run', 'a\nc\n', 'run: |\n  a\n  c\nid: x\n'],
    [
      'a block with a comment',
      'run: |- # why\n    a\nid: x\n',
      'run',
      'a\nc\n',
      'run: | # why\n    a\n    c\nid: x\n',
    ],
    ['a block to a word', 'run: | # why\n  a\nid: x\n', 'run', null, 'run: null # why\nid: x\n'],
    ['a block of one line', 'run: |\n  a\n', 'run', 'b', 'run: |-\n  b\n'],
    ['a block at the end', 'run: |\n  a', 'run', 'b\nc\n', 'run: |\n  b\n  c'],
    [
      'a block that keeps',
      'run: |+\n  a\n\nid: x\n',
      'run',
      'b\n\n\n',
      'run: |+\n  b\n\n\nid: x\n',
    ],
    [
      'a block before empty lines',
      'run: |\n  a\n\nid: x\n',
      'run',
      'b\nc\n\n',
      'run: |+\n  b\n  c\n\nid: x\n',
    ],
    ['a folded text', 'run: >-\n  a\n  b\nid: x\n', 'run', 'a\nb', 'run: |-\n  a\n  b\nid: x\n'],
    [
      'a block that begins with blanks',
      'run: |\n  a\n',
      'run',
      '  a\nb\n',
      'run: |2\n    a\n  b\n',
    ],
    [
      'a text of several lines',
      'run: a # why\nid: x\n',
      'run',
      'a\nb\n',
      'run: | # why\n  a\n  b\nid: x\n',
    ],
    ['text that no block can hold', 'run: |\n  a\n', 'run', 'a\r\nb\n', 'run: "a\\r\\nb\\n"\n'],
    [
      'a list in brackets',
      'labels: [a, b] # x\n',
      'labels',
      ['a', 'c', 'd'],
      'labels: [a, c, d] # x\n',
    ],
    ['a padded list', 'labels: [ a ]\n', 'labels', ['a', 'b'], 'labels: [ a, b ]\n'],
    [
      'a list in lines',
      'labels:\n  - a # one\n  # two\n  - b\nid: x\n',
      'labels',
      ['a', 'c'],
      'labels:\n  - a # one\n  # two\n  - c\nid: x\n',
    ],
    ['a list at the margin', 'labels:\n- a\n- b\n', 'labels', ['b'], 'labels:\n- b\n'],
    [
      'a list in lines of brackets',
      'labels: [\n  a,\n  b, # x\n]\n',
      'labels',
      ['a', 'b', 'c'],
      'labels: [\n  a,\n  b,\n  c, # x\n]\n',
    ],
    ['an empty list', 'labels: [] # x\n', 'labels', ['a'], 'labels: [a] # x\n'],
    [
      'a list to none',
      'labels: # why\n  - a # x\n  # y\nid: x\n',
      'labels',
      [],
      'labels: [] # why\n  # y\nid: x\n',
    ],
    ['a list to a mapping', 'a:\n  - b\nc: d\n', 'a', { x: 1 }, 'a:\n  x: 1\nc: d\n'],
    [
      'a part of a mapping',
      'a:\n  # p\n  p: 1 # q\n  r: [s]\n',
      'a',
      { p: 2, r: ['s'] },
      'a:\n  # p\n  p: 2 # q\n  r: [s]\n',
    ],
    [
      'a field of a mapping in brackets',
      'a: {p: 1, r: 2}\n',
      'a',
      { p: 1, s: [3] },
      'a: {p: 1, s: [3]}\n',
    ],
    [
      'a part in a list',
      'c:\n  - kind: literal\n    text: |\n      a\n\n  - kind: ref # r\n    ref: x\n',
      'c',
      [
        { kind: 'literal', text: 'b\nc\n' },
        { kind: 'ref', ref: 'x' },
      ],
      'c:\n  - kind: literal\n    text: |\n      b\n      c\n\n  - kind: ref # r\n    ref: x\n',
    ],
    [
      'JSON',
      '{\n  "id": "a",\n  "labels": ["x"]\n}\n',
      'labels',
      ['x', 'y'],
      '{\n  "id": "a",\n  "labels": ["x", "y"]\n}\n',
    ],
    [
      'a new field of JSON',
      '{\n  "id": "a"\n}',
      'model',
      'm',
      '{\n  "id": "a",\n  "model": "m"\n}',
    ],
    [
      'a text in CRLF',
      'id: a\r\nrun: |\r\n  x\r\n  y\r\n# e\r\n',
      'run',
      'x\nz\n',
      'id: a\r\nrun: |\r\n  x\r\n  z\r\n# e\r\n',
    ],
    ['a new block in CRLF', 'id: a\r\n', 'run', 'x\nz', 'id: a\r\nrun: |-\r\n  x\r\n  z\r\n'],
    [
      'a long line',
      `title: ${'word '.repeat(60)}end\nid: a\n`,
      'id',
      'b',
      `title: ${'word '.repeat(60)}end\nid: b\n`,
    ],
    [
      'a field of quoted keys',
      '"title" : T\n? id\n: a\n',
      'title',
      'U',
      '"title" : U\n? id\n: a\n',
    ],
    [
      'behind a key of its own',
      '? id\n: a # x\ntitle: T\n',
      'id',
      'b',
      '? id\n: b # x\ntitle: T\n',
    ],
    [
      'a document that begins and ends',
      '%YAML 1.2\n---\nid: a\n...\n',
      'model',
      'm',
      '%YAML 1.2\n---\nid: a\nmodel: m\n...\n',
    ],
    ['comments alone', '# nothing\n', 'id', 'a', '# nothing\nid: a\n'],
    ['an anchor', 'a: &x 1 # one\nb: 2\n', 'a', 3, 'a: &x 3 # one\nb: 2\n'],
    [
      'an anchor that another field uses',
      'a: &x [1]\nb: *x\nc: *x\n',
      'a',
      [2],
      'a: [2]\nb: &x [1]\nc: *x\n',
    ],
    ['an alias', 'a: &x [1]\nb: *x # b\n', 'b', [2], 'a: &x [1]\nb: # b\n  - 2\n'],
    [
      'what a merge brings in',
      'x-b: &b {m: 1}\n<<: *b\nid: a\n',
      'm',
      2,
      'x-b: &b {m: 1}\n<<: *b\nid: a\nm: 2\n',
    ],
    ['a tag', 'title: !!str 12 # x\n', 'title', 'T', 'title: T # x\n'],
  ])('%s', (_name, before, field, value, after) => {
    const result = setFields(before, { [field]: value });
    expect(result).toBe(after);
    expect(valueOf(result)).toEqual({ ...valueOf(before), [field]: value });
  });

  it('to a number of many digits keeps them', () => {
    const { source } = parseYaml('n: [7615917337495251231, 1e400]');
    const fields = source?.value as Record<string, Json>;
    const text = setFields('a: 1 # x\nn: [7615917337495251232, 1e400]\n', fields);
    expect(text).toBe('a: 1 # x\nn: [7615917337495251231, 1e400]\n');
    expect(toYaml(fields)).toBe('n:\n  - 7615917337495251231\n  - 1e400\n');
  });

  it('to what it is changes nothing', () => {
    const text = 'a:   "x"\nb: !!str 1\nc: >\n  f\n  g\n\n';
    expect(setFields(text, valueOf(text))).toBe(text);
  });
});

describe('other changes', () => {
  it('adds to a list as its other items are written, and takes from it', () => {
    const text = 'depends_on:\n  # why\n  - {task: a, kind: order} # wait\nid: x\n';
    const more = appendItem(text, 'depends_on', { task: 'b', kind: 'order' });
    expect(more).toBe(
      'depends_on:\n  # why\n  - {task: a, kind: order} # wait\n  - {task: b, kind: order}\nid: x\n',
    );
    expect(removeItems(more, 'depends_on', [1])).toBe(text);
    expect(removeItems(more, 'depends_on', [0, 1])).toBe('id: x\n');
    expect(removeItems('d: [a, b, c,]\n', 'd', [0, 2])).toBe('d: [b,]\n');
  });

  it('removes a field', () => {
    expect(removeField('# one\na: 1 # x\n# two\nb:\n  - c\n\nd: e', 'b')).toBe(
      '# one\na: 1 # x\n# two\n\nd: e',
    );
    expect(removeField('a: 1\nd: e', 'd')).toBe('a: 1');
    expect(removeField('{a: 1, b: 2}\n', 'a')).toBe('{b: 2}\n');
    expect(removeField('a: 1\n', 'a')).toBe('{}\n');
    expect(removeField('a: 1\n', 'b')).toBe('a: 1\n');
  });

  it('turns a file into another one, and keeps what it can', () => {
    const text = '# mine\nid: a # id\nmodel: m\nlabels: [x] # why\n';
    expect(withAllFields(text, { id: 'a', title: 'T', labels: ['x', 'y'] })).toBe(
      '# mine\nid: a # id\nlabels: [x, y] # why\ntitle: T\n',
    );
  });
});

/** A field as its author might have written it: `{}` stands for its comment's place. */
const texts: Record<string, readonly string[]> = {
  title: [
    'title: Some words{}',
    "title: 'It''s'{}",
    'title: "a \\"b\\""{}',
    'title:\n  on the\n  next{}',
    'title: &t anchored{}',
    '"title": T{}',
  ],
  description: [
    'description: |{}\n  one\n\n  two\n',
    'description: >-{}\n  folded\n  text\n',
    'description: |2+{}\n    deep\n  less\n\n\n',
    'description: ""{}',
    'description: |-{}\n      six\n',
    'description:{}',
  ],
  labels: [
    'labels: [a, "b", c]{}',
    'labels:{}\n  - a\n  # between\n  - b # b\n',
    'labels:{}\n- a\n- b\n',
    'labels: []{}',
    'labels: [\n  a, # a\n  b\n]{}',
    'labels:{}\n    - deep\n',
  ],
  compose: [
    'compose:{}\n  - kind: literal\n    text: |\n      Do it.\n\n      Well.\n  # then\n  - {kind: ref, ref: inputs.brief} # ref\n',
    'compose:{}\n-   kind: file\n    path: p.md\n\n-   kind: literal\n    text: x\n',
    'compose: [{kind: file, path: p.md}, { kind: ref, ref: r }]{}',
  ],
  control: [
    'control:{}\n  mode: route\n  routes:\n    - label: yes\n      targets: [a]\n    - label: "no"\n      targets:\n        - b\n',
    'control: {mode: loop, continue_targets: [a], max_iterations: 3}{}',
  ],
  run: [
    'run: |{}\n  set -e\n  echo "$A" # not a comment\n',
    'run: npm test{}',
    'run: |+{}\n  a\n\n',
    "run: 'a: b'{}",
  ],
  'x-n': ['x-n: 12{}', 'x-n: 1.50{}', 'x-n: true{}', 'x-n: ~{}', 'x-n: !!str 1{}'],
};

const between = ['', '', '\n', '# comment\n', '\n# a: b\n\n', ' # deep\n'];
const comments = ['', '', ' # note', '   # - not: an [item'];

interface Written {
  text: string;
  /** Name, and where its own lines begin and end. */
  parts: { name: string; from: number; to: number }[];
}

const written: fc.Arbitrary<Written> = fc
  .record({
    names: fc.shuffledSubarray(Object.keys(texts), { minLength: 1 }),
    picks: fc.array(fc.nat(100), { minLength: 30, maxLength: 30 }),
    crlf: fc.boolean(),
    ends: fc.boolean(),
  })
  .map(({ names, picks, crlf, ends }) => {
    const pick = (from: readonly string[]): string => from[(picks.pop() ?? 0) % from.length] ?? '';
    let text = pick(between);
    const parts: Written['parts'] = [];
    for (const name of names) {
      const from = text.length;
      const one = pick(texts[name] ?? []).replace('{}', () => pick(comments));
      text += one.endsWith('\n') ? one : `${one}\n`;
      // Empty lines behind a block that keeps them are part of it.
      const kept = /: \|\d?\+/.test(one) ? '\n'.repeat((picks.pop() ?? 0) % 3) : '';
      text += kept;
      parts.push({ name, from, to: text.length });
      text += kept === '' && !/: \|\d?\+/.test(one) ? pick(between) : '# after\n';
    }
    if (!ends) text = text.replace(/\n$/, '');
    if (!crlf) return { text, parts };
    const at = (offset: number): number => text.slice(0, offset).replaceAll('\n', '\r\n').length;
    return {
      text: text.replaceAll('\n', '\r\n'),
      parts: parts.map(({ name, from, to }) => ({ name, from: at(from), to: at(to) })),
    };
  });

const word = fc.oneof(
  fc.constantFrom(
    'a',
    'B c',
    'x: y',
    '# no',
    'yes',
    '010',
    '1e3',
    '- a',
    '[x',
    "it's",
    '"q"',
    ' lead',
    'tail ',
    '',
    'ü\u2028',
    'nul',
    '~',
    '{{x}}',
    '*a',
    'a #b',
    'c:',
    '${inputs.x}',
    '2001-01-01',
    '0x1F',
    '\u0085',
    'a\tb',
    '--- a',
  ),
  fc.string({ maxLength: 12, unit: 'grapheme' }),
  fc.string({ maxLength: 8, unit: 'binary' }),
);
const manyLines = fc
  .array(fc.oneof(word, fc.constantFrom('', '  in', '\tt', '# c', 'a: b', '- c')), {
    minLength: 2,
    maxLength: 5,
  })
  .map((lines) => lines.join('\n'));
const scalar: fc.Arbitrary<Json> = fc.oneof(
  word,
  manyLines,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const { value: anyValue } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom('kind', 'text', 'ref', 'mode', 'label'), word),
      tie('value'),
      { maxKeys: 3, noNullPrototype: true },
    ),
  ),
}));

/** Like the old value: items more or less, other texts. */
function near(old: Json | undefined, other: Json, dice: number): Json {
  if (typeof old === 'string') return dice % 2 === 0 ? `${old}more\n` : other;
  if (Array.isArray(old)) {
    const at = dice % (old.length + 1);
    if (dice % 3 === 0) return old.toSpliced(at, 1);
    if (dice % 3 === 1) return old.toSpliced(at, 0, other);
    return old.map((item, index) => (index === at ? near(item, other, dice >> 2) : item));
  }
  if (old !== undefined && isJsonObject(old)) {
    const names = Object.keys(old);
    const name = names[dice % names.length] ?? 'label';
    return { ...old, [name]: near(old[name], other, dice >> 2) };
  }
  return other;
}

it('leaves all other bytes as they are, whatever is set', () => {
  fc.assert(
    fc.property(
      written,
      anyValue,
      fc.nat(),
      fc.boolean(),
      ({ text, parts }, value, dice, isNear) => {
        const before = valueOf(text);
        const names = Object.keys(texts);
        const field = names[dice % names.length] ?? '';
        const wanted = isNear ? near(before[field], value, dice >> 3) : value;
        const result = setFields(text, { [field]: wanted });
        expect(valueOf(result)).toEqual({ ...before, [field]: wanted });
        const part = parts.find(({ name }) => name === field);
        if (part) {
          expect(result.slice(0, part.from)).toBe(text.slice(0, part.from));
          const rest = text.slice(part.to);
          expect(rest === '' || result.endsWith(rest)).toBe(true);
          if (rest === '' && !/\n\n$/.test(String(wanted))) {
            expect(result.endsWith('\n')).toBe(text.endsWith('\n'));
          }
          const gone = removeField(text, field);
          expect(valueOf(gone)).toEqual(
            Object.fromEntries(Object.entries(before).filter(([name]) => name !== field)),
          );
        } else {
          // Lines of its own, behind some line of what was there.
          const same = [...text].findIndex((character, index) => character !== result[index]);
          const head = same < 0 ? text : [...text].slice(0, same).join('');
          expect(result.endsWith(text.slice(head.length))).toBe(true);
        }
        if (!/(^|[^\r])\n/.test(text) && text.includes('\n'))
          expect(result).not.toMatch(/(^|[^\r])\n/);
      },
    ),
    { numRuns: cases({ fewest: 40, few: 200, many: 20_000 }), seed: 1 },
  );
});
