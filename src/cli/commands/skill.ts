/** `skill`: what coding agents need to know to operate this program for a person. */
import { homedir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { Refusal } from '../../model/refusal.ts';
import type { CopiedSkill } from '../../app/machine/skills.ts';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import { printTable } from '../render/table.ts';

interface CopyOptions {
  overwrite?: boolean;
  json?: boolean;
}

interface InstallOptions extends CopyOptions {
  repoDir?: string;
  user?: boolean;
}

export function register(program: Command, context: CliContext): void {
  const group = program
    .command('skill')
    .summary('install the skill that lets a coding agent operate codex-orch')
    .description('A skill tells a coding agent, such as Codex or Claude Code, how to act for you.')
    .addHelpText(
      'after',
      examples(['skill install operate-codex-orch --repo-dir .', 'skill list']),
    );

  group
    .command('list')
    .summary('list skills')
    .usage('[--json]')
    .option('--json', 'print the skills as JSON')
    .addHelpText('after', examples(['skill list']))
    .action(async (options: { json?: boolean }) => {
      const { listSkills } = await import('../../app/machine/skills.ts');
      const skills = listSkills();
      if (options.json === true) return context.stdout.line(JSON.stringify(skills, null, 2));
      printTable(
        context.stdout,
        skills,
        [
          { title: 'ID', cell: ({ id }) => id },
          { title: 'DESCRIPTION', cell: ({ description }) => description, flexible: true },
        ],
        'No skills.',
      );
    });

  group
    .command('export')
    .summary('copy a skill to DIR/ID')
    .argument('<id>', 'the skill')
    .argument('<dir>', 'where its directory goes')
    .option('--overwrite', 'replace what is there')
    .option('--json', 'print where it went as JSON')
    .addHelpText('after', examples(['skill export operate-codex-orch ./skills']))
    .action(async (id: string, dir: string, options: CopyOptions) => {
      const { exportSkill } = await import('../../app/machine/skills.ts');
      const target = path.resolve(context.cwd, dir);
      print(exportSkill(id, target, options.overwrite === true), options, context);
    });

  group
    .command('install')
    .summary('put a skill where Codex and Claude Code look')
    .description(
      'Copies the skill to .agents/skills (Codex) and .claude/skills (Claude Code), of a repository\n' +
        'or of your home directory.',
    )
    .argument('<id>', 'the skill')
    .option('--repo-dir <dir>', 'for everyone who works in this repository')
    .option('--user', 'for you, in all repositories')
    .option('--overwrite', 'replace an earlier version')
    .option('--json', 'print where it went as JSON')
    .addHelpText(
      'after',
      examples([
        'skill install operate-codex-orch --repo-dir .',
        'skill install operate-codex-orch --user --overwrite',
      ]),
    )
    .action(async (id: string, options: InstallOptions) => {
      const { installSkill } = await import('../../app/machine/skills.ts');
      const base = baseOf(options, context);
      print(installSkill(id, base, options.overwrite === true), options, context);
    });
}

function baseOf({ repoDir, user }: InstallOptions, context: CliContext): string {
  if ((repoDir === undefined) === (user !== true)) {
    throw new Refusal('skill-place', 'say where: either --repo-dir DIR or --user', {
      hint: 'see: codex-orch skill install --help',
    });
  }
  if (repoDir !== undefined) return path.resolve(context.cwd, repoDir);
  return context.env['HOME'] || homedir();
}

function print(copied: CopiedSkill, options: CopyOptions, context: CliContext): void {
  if (options.json === true) return context.stdout.line(JSON.stringify(copied, null, 2));
  for (const directory of copied.directories) context.stdout.line(directory);
}
