/** `interrupt recommend`: which role a worker should ask. */
import type { HumanRecommendation, RoleRecommendation } from '../../app/inbox/recommend-role.ts';
import { decisionKinds, requestKinds } from '../../model/program.ts';
import { choice, choiceOr, defineCommand, flag, prints } from '../command.ts';
import { ASKER, askerNames, askerOptions, unnamed } from './asker.ts';

export const command = defineCommand({
  description: 'Prints which assistant roles a task may ask, and which fits a question best.',
  words: [ASKER],
  usage: '--kind KIND [--decision-kind KIND] [options]',
  options: {
    ...askerOptions,
    audience: choiceOr(
      '--audience <whom>',
      'who is to answer',
      ['assistant', 'human'],
      'assistant',
    ),
    kind: choice('--kind <kind>', 'what is asked for', requestKinds),
    decisionKind: choice('--decision-kind <kind>', 'what is to be decided', decisionKinds),
    json: flag('--json', 'print JSON instead of YAML'),
  },
  json: prints<RoleRecommendation | HumanRecommendation>(),
  examples: ['--kind question --decision-kind scope'],
  async run({ words: [words], options, printJson }, context) {
    const { audience, kind, decisionKind } = options;
    const names = askerNames(words, options, context);
    if (names.instance === null && names.task === null) {
      throw unnamed('task', '--task-id', 'CODEX_ORCH_TASK_ID');
    }
    const { recommendWhomToAsk } = await import('../../app/inbox/recommend-role.ts');
    const recommendation = await recommendWhomToAsk(
      names,
      { audience, requestKind: kind, decisionKind },
      context.env,
    );
    if (options.json) return printJson(recommendation);
    const { printYaml } = await import('../print.ts');
    printYaml({ ...recommendation }, context);
  },
});
