/** `run grant`. */
import type { Granted } from '../../app/run/grant.ts';
import { Refusal } from '../../model/refusal.ts';
import { defineCommand, flag, INSTANCE, parsed, prints, PROGRAM, RUN } from '../command.ts';
import { programWord } from '../program-argument.ts';
import { makePaint } from '../render/paint.ts';

export const command = defineCommand({
  description:
    'Allows an instance more than a limit does: of one at work, the limit is raised; one that was stopped\n' +
    'there goes on, since this answers its question.',
  words: [PROGRAM, RUN, INSTANCE],
  usage: '--wall-sec N',
  options: {
    wallSec: parsed(
      '--wall-sec <n>',
      'seconds that its attempt may take beyond what it might',
      amount,
    ),
    json: flag('--json', 'print what was granted as JSON'),
  },
  json: prints<Granted>(),
  examples: ['. latest build-1a2b3c4d --wall-sec 1800'],
  async run({ words: [programDir, run, instance], options, printJson }, context) {
    const { wallSec } = options;
    if (wallSec === null) {
      throw new Refusal('nothing-granted', 'say how much: --wall-sec N');
    }
    const { describeHolder, resolveRunId, runHolder } =
      await import('../../app/run/inspect-run.ts');
    const { grantToInstance } = await import('../../app/run/grant.ts');
    const { waited } = await import('../live/waited.ts');
    const runId = resolveRunId(programDir, run);
    const granted = await waited(context, (waiting) =>
      grantToInstance(context, programDir, runId, instance, { wallSec }, waiting),
    );
    if (options.json) return printJson(granted);
    context.stdout.line([granted.instance_id, `wall_sec=${granted.wall_sec}`].join('\t'));
    const holder = runHolder(programDir, runId);
    const paint = makePaint(context.stderr.color);
    const program = programWord(programDir, context);
    context.stderr.line(
      holder === null
        ? `to go on: ${paint.command(`codex-orch run resume ${program}${runId}`)}`
        : `run ${runId} goes on by itself (${describeHolder(holder)})`,
    );
  },
});

/** @throws Refusal `bad-number` */
function amount(word: string): number {
  const value = Number(word);
  if (/^\d/.test(word) && Number.isFinite(value) && value > 0) return value;
  throw new Refusal('bad-number', `--wall-sec takes a number above 0, not "${word}"`);
}
