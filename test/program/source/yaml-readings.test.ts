import { expect, it } from 'vitest';
import { parseYaml } from '../../../src/program/source/yaml-source.ts';
import { report, task } from '../sample-program.ts';

/** `3: 010 … 8` */
function notes(text: string): string[] {
  return parseYaml(text).problems.map(
    ({ severity, line, message }) => `${severity} ${line}: ${message}`,
  );
}

it('notes plain values that YAML 1.1 took for something else, with their line', () => {
  const text = [
    'a: yes',
    'b: Off',
    'c: 010',
    'd: 1:30',
    'e: 1_000',
    'f: 2024-01-02',
    'g: 1e3',
    'h: 08',
    'i: 0o17',
    'j: 0b11',
    'k: [on, 190:20:30]',
    '',
  ].join('\n');
  expect(notes(text)).toEqual([
    'note 1: yes is the text "yes"; by YAML 1.1 it was the boolean true',
    'note 2: Off is the text "Off"; by YAML 1.1 it was the boolean false',
    'note 3: 010 is the number 10; by YAML 1.1 it was the number 8',
    'note 4: 1:30 is the text "1:30"; by YAML 1.1 it was the number 90',
    'note 5: 1_000 is the text "1_000"; by YAML 1.1 it was the number 1000',
    'note 6: 2024-01-02 is the text "2024-01-02"; by YAML 1.1 it was a date',
    'note 7: 1e3 is the number 1000; by YAML 1.1 it was the text "1e3"',
    'note 8: 08 is the number 8; by YAML 1.1 it was the text "08"',
    'note 9: 0o17 is the number 15; by YAML 1.1 it was the text "0o17"',
    'note 10: 0b11 is the text "0b11"; by YAML 1.1 it was the number 3',
    'note 11: on is the text "on"; by YAML 1.1 it was the boolean true',
    'note 11: 190:20:30 is the text "190:20:30"; by YAML 1.1 it was the number 685230',
  ]);
});

it('tells numbers that JavaScript cannot hold by their digits', () => {
  const text =
    'a: 1e400\nb: 1_000_000_000_000_000_000_001\nc: 012345670123456701234567\nd: -0x1_0\n';
  expect(notes(text)).toEqual([
    'note 1: 1e400 is the number 1e400; by YAML 1.1 it was the text "1e400"',
    'note 2: 1_000_000_000_000_000_000_001 is the text "1_000_000_000_000_000_000_001"; by YAML 1.1 it was the number 1000000000000000000001',
    'note 3: 012345670123456701234567 is the number 12345670123456701234567; by YAML 1.1 it was the number 96374504495306324343',
    'note 4: -0x1_0 is the text "-0x1_0"; by YAML 1.1 it was the number -16',
  ]);
  expect(notes('a: 12345678901234567890\nb: 0xFFFFFFFFFFFFFFFF\nc: -9007199254740993\n')).toEqual(
    [],
  );
});

it('has nothing to say of what all read alike', () => {
  const text =
    'a: true\nb: 10\nc: 0\nd: 0x10\ne: 1.5\nf: .5\ng: "yes"\nh: yesterday\ni: null\nj: ~\nk: -3\nl: 1.5e+3\nm: 12:a\nn: 1.2.3\n';
  expect(notes(text)).toEqual([]);
});

it('changes neither what is ok nor what blocks, in program files and in inputs', async () => {
  const found = await report({
    'project.yaml': 'name: x\nworkspace: .\nedition: 2\nuser_inputs: {k: in.yaml}\n',
    'in.yaml': 'a: 1\nflag: yes\n',
    'tasks/a.yaml': task('a', 'labels: [on]\ninteraction_policy: {allow_human: yes}\n'),
  });
  expect(found).toMatchObject({ ok: true, blocking: false, errors: [], warnings: [] });
  expect(found.notes.map(({ code, file, line }) => [code, file, line])).toEqual([
    ['yaml.older_reading', 'in.yaml', 2],
    ['yaml.older_reading', 'tasks/a.yaml', 3],
  ]);
});

it('warns of characters that change how the text is shown, and prints none of them', () => {
  const found = notes('title: a\u202eb\nx: "\u009b1m"\ny: \u2066z\n# \u200f\n');
  expect(found).toEqual([
    'warning 1: the character U+202E stands here, which changes the direction in which the text is shown',
    'warning 2: the character U+009B stands here, a control character',
    'warning 3: the character U+2066 stands here, which changes the direction in which the text is shown',
    'warning 4: the character U+200F stands here, which changes the direction in which the text is shown',
  ]);
});
