/** `notify test`. */
import type { TestedTarget } from '../../app/notify/test-targets.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { defineCommand, flag, prints, PROGRAM } from '../command.ts';
import { makePaint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';

export const command = defineCommand({
  description:
    'Sends a notification of kind "test" to each target of the program, or else of config.toml, once. ' +
    'Exit status: 0 all have taken it, 1 one has not.',
  words: [PROGRAM],
  usage: '[--json]',
  options: { json: flag('--json', 'print JSON') },
  json: prints<TestedTarget[]>(),
  examples: ['', 'my-program --json'],
  async run({ words: [programDir], options, printJson }, context) {
    const { testTargets } = await import('../../app/notify/test-targets.ts');
    const tested = await testTargets(context, programDir);
    if (tested.length === 0) {
      throw new Refusal('nobody-to-notify', 'Nobody would be told: there is no "notify".', {
        hint: 'Write in project.yaml, for example: notify: [{on: [question, failed, done], to: desktop}]',
      });
    }
    if (tested.some(({ problem }) => problem !== null)) context.exit(ExitStatus.failed);
    if (options.json) return printJson(tested);
    const paint = makePaint(context.stdout.color);
    for (const { target, problem } of tested) {
      const name = plainLine(target);
      const line = problem === null ? `${name}\tsent` : `${name}\tnot sent: ${plainLine(problem)}`;
      context.stdout.line(problem === null ? line : paint.bad(line));
    }
  },
});
