/** `run grant`. */
import type { Grant, Granted } from '../../app/run/grant.ts';
import { Refusal } from '../../model/refusal.ts';
import {
  defineCommand,
  flag,
  INSTANCE,
  optional,
  parsed,
  prints,
  PROGRAM,
  RUN,
} from '../command.ts';
import type { Option } from '../options.ts';
import { programWord } from '../program-argument.ts';
import { makePaint } from '../render/paint.ts';

export const command = defineCommand({
  description:
    'Allows a run, or one instance, more than a limit does: what is at work goes on beyond it, and what was\n' +
    'stopped there, or waits, goes on, since this answers its question.',
  words: [PROGRAM, RUN, optional(INSTANCE)],
  usage: '[--tokens N] [--cost-usd N] [--wall-sec N] [--attempts N] [--iterations N]',
  options: {
    tokens: whole('--tokens', 'tokens beyond the budget'),
    costUsd: amount('--cost-usd', 'US dollars beyond the budget'),
    wallSec: amount('--wall-sec', 'seconds beyond the budget, or the time limit of an attempt'),
    attempts: whole('--attempts', 'attempts beyond the budget'),
    iterations: whole(
      '--iterations',
      'of an instance that controls a loop: iterations beyond max_iterations',
    ),
    json: flag('--json', 'print what was granted as JSON'),
  },
  json: prints<Granted>(),
  examples: [
    '. latest --tokens 2000000',
    '. latest build-1a2b3c4d --wall-sec 1800',
    '. latest decide-5e6f7a8b --iterations 3',
  ],
  async run({ words: [programDir, run, instance], options, printJson }, context) {
    const { tokens, costUsd, wallSec, attempts, iterations } = options;
    const grant: Grant = {
      ...(tokens === null ? {} : { tokens }),
      ...(costUsd === null ? {} : { cost_usd: costUsd }),
      ...(wallSec === null ? {} : { wall_sec: wallSec }),
      ...(attempts === null ? {} : { attempts }),
      ...(iterations === null ? {} : { iterations }),
    };
    if (Object.keys(grant).length === 0) {
      throw new Refusal('nothing-granted', 'say how much: --tokens N, --wall-sec N, …');
    }
    const { describeHolder, resolveRunId, runHolder } =
      await import('../../app/run/inspect-run.ts');
    const { grantBeyond } = await import('../../app/run/grant.ts');
    const { waited } = await import('../live/waited.ts');
    const runId = resolveRunId(programDir, run);
    const granted = await waited(context, (waiting) =>
      grantBeyond(context, programDir, runId, instance, grant, waiting),
    );
    if (options.json) return printJson(granted);
    const { instance_id: id, ...amounts } = granted;
    const words = Object.entries(amounts).map(([name, value]) => `${name}=${value}`);
    context.stdout.line([id ?? '-', ...words].join('\t'));
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
function amount(name: string, about: string): Option<number | null> {
  return parsed(`${name} <n>`, about, (word) => numberIn(name, word, 'a number above 0'));
}

/** @throws Refusal `bad-number` */
function whole(name: string, about: string): Option<number | null> {
  return parsed(`${name} <n>`, about, (word) => {
    const value = numberIn(name, word, 'a whole number above 0');
    if (Number.isSafeInteger(value)) return value;
    throw new Refusal('bad-number', `${name} takes a whole number above 0, not "${word}"`);
  });
}

function numberIn(name: string, word: string, what: string): number {
  const value = Number(word);
  if (/^\d/.test(word) && Number.isFinite(value) && value > 0) return value;
  throw new Refusal('bad-number', `${name} takes ${what}, not "${word}"`);
}
