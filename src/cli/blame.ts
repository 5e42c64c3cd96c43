/** `blame`: who made each line of a file. */
import path from 'node:path';
import type { BlameLine, BlameReason } from '../app/run/blame.ts';
import { isProgram } from '../app/program/what-is-there.ts';
import { Refusal } from '../model/refusal.ts';
import { argument, defineCommand, flag, parsed, prints, text } from './command.ts';
import { defaultProgram } from './program-argument.ts';
import { printTable } from './render/table.ts';
import { plainLine } from '../text/plain-text.ts';

export const command = defineCommand({
  description:
    'Names for each line of a file the task and the instance that made it, as far as a run did: after a merge, after ' +
    'a squash, through later edits and renames.',
  words: [argument('file', 'in a repository that a run worked on', 'file')],
  usage: 'FILE [-L A,B] [--why LINE] [--json]',
  options: {
    range: parsed('-L, --lines <A,B>', 'only these lines', rangeOf),
    why: parsed(
      '--why <LINE>',
      'what its instance was told: the prompt, and the answers to its questions',
      lineOf,
    ),
    program: text(
      '--program <DIR>',
      'with --why: the program that has the run, where it is not this directory',
      {
        kind: 'dir',
      },
    ),
    json: flag('--json', 'print JSON'),
  },
  json: [
    prints<BlameLine[]>('By line.'),
    prints<BlameReason>('One line, and what its instance was told.', '--why'),
  ],
  examples: ['src/app.ts', 'src/app.ts -L 10,20', 'src/app.ts --why 12 --program ../my-program'],
  async run({ words: [named], options, printJson }, context) {
    const { blame, blameWhy } = await import('../app/run/blame.ts');
    const file = path.resolve(context.cwd, named);
    if (options.why !== null) {
      const given = options.program === null ? null : path.resolve(context.cwd, options.program);
      if (given !== null && !isProgram(given)) {
        throw new Refusal('program-missing', `${given} is no program: it has no project.yaml`);
      }
      const programs =
        given === null ? [defaultProgram(context)].filter((each) => each !== null) : [given];
      const reason = await blameWhy(context, file, options.why, programs);
      if (options.json) return printJson(reason);
      for (const line of reasonLines(reason)) context.stdout.line(line);
      return;
    }
    const lines = await blame(context, file, options.range);
    if (options.json) return printJson(lines);
    if (!context.stdout.isTerminal) {
      for (const each of lines) context.stdout.line(cellsOf(each).map(plainLine).join('\t'));
      return;
    }
    const columns = ['LINE', 'TASK', 'RUN', 'INSTANCE', 'ATTEMPT', 'TEXT'].map((title, at) => ({
      title,
      cell: (each: BlameLine) => cellsOf(each)[at] ?? '',
    }));
    printTable(context.stdout, lines, columns, 'the file is empty');
  },
});

function cellsOf({ line, task, run, instance, attempt, text: shown }: BlameLine): string[] {
  return [
    String(line),
    task ?? '-',
    run ?? '-',
    instance ?? '-',
    attempt === null ? '-' : String(attempt),
    shown,
  ];
}

function reasonLines(reason: BlameReason): string[] {
  const { line, text: shown, task, run, instance, attempt, program, prompt, answers } = reason;
  const missing =
    program === null
      ? 'The program that has this run is not known here: name it with --program DIR.'
      : 'Its prompt is not there any more.';
  return [
    `${line}: ${plainLine(shown)}`,
    `${task} (${instance}, attempt ${attempt ?? '?'}) of run ${run}`,
    '',
    ...(prompt ?? missing).trimEnd().split('\n').map(plainLine),
    ...answers.flatMap(({ interrupt_id: id, question, text: answer }) => [
      '',
      `${id} asked: ${plainLine(question)}`,
      `answer: ${answer === null ? 'none yet' : plainLine(answer)}`,
    ]),
  ];
}

/** @throws Refusal */
function rangeOf(word: string): string {
  const [, from, to] = /^(\d+),(\d+)$/.exec(word) ?? /^(\d+)$/.exec(word) ?? [];
  if (from !== undefined && Number(from) > 0) return `${from},${to ?? from}`;
  throw new Refusal('bad-option', `-L takes two line numbers, such as 10,20, not "${word}"`);
}

/** @throws Refusal */
function lineOf(word: string): number {
  if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
  throw new Refusal('bad-option', `--why takes the number of a line, not "${word}"`);
}
