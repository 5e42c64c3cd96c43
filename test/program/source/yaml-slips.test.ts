/** The commonest slips in YAML, in words that say what to do. */
import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../src/program/source/yaml-source.ts';

describe('a slip in YAML', () => {
  it.each([
    ['id: a\ntitle: Fix: the thing\n', '2:8', 'has a colon in it', 'title: "Fix: the thing"'],
    ['compose:\n  - kind: literal\n    text: Do: it\n', '3:11', 'has a colon', 'text: "Do: it"'],
    ['title: @me\n', '1:8', 'cannot begin with "@"', 'title: "@me"'],
    ['title: `x`\n', '1:8', 'cannot begin with "`"', 'title: "`x`"'],
    ['title: %x\n', '1:8', 'cannot begin with "%"', 'title: "%x"'],
    ['title: *x\n', '1:8', 'has no anchor', 'in quotes: "*x"'],
    ['id: a\n title: b\n', '2:2', '"title" begins after 1 space', 'Begin it after 0 spaces'],
    [
      'depends_on:\n  - task: b\n   kind: order\n',
      '3:4',
      'after 3 spaces',
      'as line 2 ("task:") does',
    ],
    ['a:\n  b: 1\n c: 2\n', '3:2', 'after 1 space', 'as line 2 ("b:") does'],
    ['a:\n\tb: 1\n', '2:1', 'tabs cannot indent', 'Use spaces'],
    ['labels: [x, a-${inputs.x}, b]\n', '1:13', 'needs quotes: a-${inputs.x}', '"a-${inputs.x}"'],
    ['- {id: p-${n}, title: X}\n', '1:8', 'needs quotes: p-${n}', 'quotes: "p-${n}"'],
    ['a: [{task: ${x}-y, kind: order}]\n', '1:12', 'needs quotes: ${x}-y', '"${x}-y"'],
    ['id: a\ntitle A\n', '2:1', 'no colon', 'Write title: A'],
    ['id:a\ntitle: A\n', '1:1', 'no blank behind', 'Write id: a'],
    ['title: - x\n', '1:1', 'cannot begin in the line of its field', 'Write title: [x]'],
    ["title: 'it's'\n", '1:12', 'ends here', "Write ''"],
    ['title: "abc\nb: 1\n', '1:8', 'does not end', 'closing quote'],
  ])('%j', (text, place, says, hint) => {
    const { problems } = parseYaml(text);
    const [first] = problems;
    expect(`${first?.line}:${first?.column}`).toBe(place);
    expect(first?.message).toContain(says);
    expect(first?.hint).toContain(hint);
    if (first?.code === 'syntax') expect(first.excerpt).toBe(text.split('\n')[first.line - 1]);
  });
});
