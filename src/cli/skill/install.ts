/** `skill install`. */
import { homedir } from 'node:os';
import path from 'node:path';
import type { InstalledSkill } from '../../app/machine/skills.ts';
import { Refusal } from '../../model/refusal.ts';
import { argument, defineCommand, flag, prints, text } from '../command.ts';
import type { CliContext } from '../context.ts';

export const command = defineCommand({
  description:
    'Copies the skill to .agents/skills (Codex) and .claude/skills (Claude Code), of a repository\n' +
    'or of your home directory.',
  words: [argument('id', 'the skill')],
  options: {
    repoDir: text('--repo-dir <dir>', 'for everyone who works in this repository', { kind: 'dir' }),
    user: flag('--user', 'for you, in all repositories'),
    overwrite: flag('--overwrite', 'replace an earlier version'),
    json: flag('--json', 'print where it went as JSON'),
  },
  json: prints<InstalledSkill>(),
  examples: ['operate-codex-orch --repo-dir .', 'operate-codex-orch --user --overwrite'],
  async run({ words: [id], options, printJson }, context) {
    const { installSkill } = await import('../../app/machine/skills.ts');
    const copied = installSkill(id, baseOf(options, context), options.overwrite);
    if (options.json) return printJson(copied);
    for (const directory of copied.directories) context.stdout.line(directory);
  },
});

function baseOf(
  { repoDir, user }: { repoDir: string | null; user: boolean },
  context: CliContext,
): string {
  if ((repoDir === null) === !user) {
    throw new Refusal('skill-place', 'say where: either --repo-dir DIR or --user', {
      hint: 'see: codex-orch skill install --help',
    });
  }
  if (repoDir !== null) return path.resolve(context.cwd, repoDir);
  return context.env['HOME'] || homedir();
}
