/** `run pr`. */
import type { PullRequest } from '../../app/run/pull-request.ts';
import { defineCommand, flag, prints, PROGRAM, RUN_OR_LATEST, text } from '../command.ts';
import { plainLine } from '../../text/plain-text.ts';

export const command = defineCommand({
  description:
    'Pushes the result of a run to one branch of the remote, nothing else, and opens a pull request by gh or glab; again, ' +
    'it is brought up to date.',
  words: [PROGRAM, RUN_OR_LATEST],
  usage: '[--branch NEW] [--draft] [--base B] [--title T] [--json]',
  options: {
    branch: text('--branch <NEW>', 'the branch of the remote (default: codex-orch/RUN)'),
    draft: flag('--draft', 'as a draft'),
    base: text('--base <B>', 'the branch that it is for (default: the one of the host)'),
    title: text('--title <T>', 'its title (default: those of the root tasks)'),
    json: flag('--json', 'print JSON'),
  },
  json: prints<PullRequest>(),
  examples: ['', '. latest --draft --base main'],
  async run({ words: [programDir, run], options, printJson }, context) {
    const { openPullRequest } = await import('../../app/run/pull-request.ts');
    const { branch, draft, base, title, json } = options;
    const shown = await openPullRequest(context, programDir, run, { branch, draft, base, title });
    if (json) return printJson(shown);
    context.stdout.line(plainLine(shown.url ?? `${shown.remote} ${shown.branch}`));
  },
});
