/** `skill list`. */
import type { Skill } from '../../app/machine/skills.ts';
import { defineCommand, flag, prints } from '../command.ts';
import { printTable } from '../render/table.ts';

export const command = defineCommand({
  words: [],
  usage: '[--json]',
  options: { json: flag('--json', 'print the skills as JSON') },
  json: prints<Skill[]>(),
  examples: [''],
  async run({ options, printJson }, context) {
    const { listSkills } = await import('../../app/machine/skills.ts');
    const skills = listSkills();
    if (options.json) return printJson(skills);
    printTable(
      context.stdout,
      skills,
      [
        { title: 'ID', cell: ({ id }) => id },
        { title: 'DESCRIPTION', cell: ({ description }) => description, flexible: true },
      ],
      'No skills.',
    );
  },
});
