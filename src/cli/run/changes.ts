/** `run changes`. */
import type { ChangedFile, RunChanges } from '../../app/run/changes.ts';
import { Refusal } from '../../model/refusal.ts';
import { plural } from '../../text/plural.ts';
import {
  defineCommand,
  flag,
  INSTANCE,
  optional,
  parsed,
  prints,
  PROGRAM,
  RUN_OR_LATEST,
} from '../command.ts';
import type { CliContext } from '../context.ts';
import { makePaint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';

export const command = defineCommand({
  description:
    'Shows what a run, or one of its instances, has changed in the repository: of a run that is not done, what is ' +
    'committed so far; of an instance at work, what stands in its tree. Without trees: ' +
    'what changed in the workspace while it ran, if that was recorded (`changes`).',
  words: [PROGRAM, RUN_OR_LATEST, optional(INSTANCE)],
  usage: '[--since WHEN] [--stat | --patch | --name-only] [--json]',
  options: {
    stat: flag('--stat', 'files, with how many lines came and went (default)'),
    patch: flag('--patch', 'the whole difference, as `git apply` takes it'),
    names: flag('--name-only', 'the names of the files alone'),
    since: parsed(
      '--since <when>',
      'what has come since a time (ISO 8601), or since the last "question" that a person answered',
      sinceWhen,
    ),
    json: flag('--json', 'print JSON; with --patch, the patch in it'),
  },
  json: prints<RunChanges>(),
  examples: [
    '',
    '. latest build',
    '. latest --since question',
    '. latest build --since question --patch',
    '. latest --patch | git apply --check',
  ],
  async run({ words: [programDir, run, instance], options, printJson }, context) {
    const { stat, patch, names, json } = options;
    if ([stat, patch, names].filter(Boolean).length > 1) {
      throw new Refusal('bad-option', 'of --stat, --patch and --name-only only one can hold');
    }
    const { runChanges } = await import('../../app/run/changes.ts');
    const { since } = options;
    const changes = await runChanges(context, programDir, run, { instance, patch, since });
    if (json) return printJson(changes);
    for (const { of, files, shared_with: others, patch: text } of changes.repositories) {
      if (others !== null) context.stderr.line(sharedLine(changes.instance_id, others));
      // On standard error, so that a patch stays one.
      if (of !== null) context.stderr.line(`apart from the rest, ${plainLine(of)}:`);
      if (text !== null) context.stdout.bytes(text);
      else if (names) for (const file of files) context.stdout.line(plainLine(file.path));
      else for (const line of statLines(files, context)) context.stdout.line(line);
    }
  },
});

/** A time, or the word for the last question. @throws Refusal `bad-option` */
function sinceWhen(word: string): string {
  if (word === 'question') return word;
  const ms = Date.parse(word);
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw new Refusal('bad-option', `--since "${word}" is neither a time nor "question"`, {
    hint: '--since 2026-05-01T18:00 or --since question',
  });
}

function sharedLine(instance: string | null, others: readonly string[]): string {
  const meanwhile = others.length === 0 ? '' : `; also at work there: ${others.join(', ')}`;
  return plainLine(`changed while ${instance ?? 'the run'} ran, in a shared workspace${meanwhile}`);
}

function statLines(files: readonly ChangedFile[], context: CliContext): string[] {
  const paint = makePaint(context.stdout.color);
  const count = (sign: string, lines: number | null): string =>
    lines === null ? 'binary' : `${sign}${lines}`;
  if (!context.stdout.isTerminal) {
    return files.map(({ path: name, status, insertions, deletions }) =>
      [status, name, count('+', insertions), count('-', deletions)].map(plainLine).join('\t'),
    );
  }
  const sum = (of: 'insertions' | 'deletions'): number =>
    files.reduce((total, file) => total + (file[of] ?? 0), 0);
  const total = `${plural(files.length, 'file')}, +${sum('insertions')} -${sum('deletions')}`;
  return [
    ...files.map(({ path: name, status, insertions, deletions }) => {
      const lines = [paint.good(count('+', insertions)), paint.bad(count('-', deletions))];
      return `${status} ${plainLine(name)}  ${insertions === null ? 'binary' : lines.join(' ')}`;
    }),
    files.length === 0 ? 'Nothing was changed.' : total,
  ];
}
