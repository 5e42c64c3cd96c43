/** `run integrate`. */
import type { Integrated, IntegratedRun } from '../../app/run/integrate.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { defineCommand, flag, prints, PROGRAM, RUN_OR_LATEST, text } from '../command.ts';
import { plainLine } from '../../text/plain-text.ts';

export const command = defineCommand({
  description:
    'Merges the result of a run into a branch of yours, all of it or nothing: what else is uncommitted stays, and what ' +
    'is in the way is named and left alone. Exit status 1 where it was refused.',
  words: [PROGRAM, RUN_OR_LATEST],
  usage: '[--into BRANCH | --branch NEW] [--squash] [--json]',
  options: {
    into: text('--into <BRANCH>', 'this branch, instead of the one that is checked out'),
    branch: text('--branch <NEW>', 'a new branch, from what the run started from'),
    squash: flag('--squash', 'as one commit; `blame` still knows the instance of each line'),
    json: flag('--json', 'print JSON: where it was refused, `conflicts` and `overlaps`'),
  },
  json: prints<IntegratedRun>(),
  examples: ['', '. latest --into main --squash', '. latest --branch result'],
  async run({ words: [programDir, run], options, printJson }, context) {
    const { into, branch, squash, json } = options;
    if (into !== null && branch !== null) {
      throw new Refusal('bad-option', '--into and --branch cannot both hold');
    }
    const { integrateRun } = await import('../../app/run/integrate.ts');
    const shown = await integrateRun(context, programDir, run, { into, branch, squash });
    const { integrated, conflicts, overlaps } = shown;
    if (conflicts.length + overlaps.length > 0) context.exit(ExitStatus.failed);
    if (json) return printJson(shown);
    for (const { path: file, kinds, branch: full } of conflicts) {
      context.stderr.line(
        `conflict: ${plainLine(file)} (${kinds.join(', ')}) with ${plainLine(full)}`,
      );
    }
    for (const file of overlaps) context.stderr.line(`in the way: ${plainLine(file)}`);
    if (conflicts.length > 0) {
      context.stderr.line(
        'hint: nothing was changed; take the result to a branch of its own: --branch NEW',
      );
    } else if (overlaps.length > 0) {
      context.stderr.line('hint: nothing was changed; commit, stash or move these, and try again');
    }
    for (const each of integrated) context.stdout.line(plainLine(inWords(each)));
  },
});

function inWords({ branch, commit, how, included, previous }: Integrated): string {
  if (how === 'nothing') return `${branch} has all of it already`;
  const first = included === null ? '' : ', after a commit of what was uncommitted';
  const words = { fast_forward: 'moved to', merge: 'merged in', squash: 'one commit,' }[how];
  return `${branch}: ${previous === null ? 'made at' : words} ${commit.slice(0, 12)}${first}`;
}
