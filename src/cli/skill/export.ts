/** `skill export`. */
import path from 'node:path';
import type { ExportedSkill } from '../../app/machine/skills.ts';
import { argument, defineCommand, flag, prints } from '../command.ts';

export const command = defineCommand({
  words: [argument('id', 'the skill'), argument('dir', 'where its directory goes', 'dir')],
  options: {
    overwrite: flag('--overwrite', 'replace what is there'),
    json: flag('--json', 'print where it went as JSON'),
  },
  json: prints<ExportedSkill>(),
  examples: ['operate-codex-orch ./skills'],
  async run({ words: [id, dir], options, printJson }, context) {
    const { exportSkill } = await import('../../app/machine/skills.ts');
    const copied = exportSkill(id, path.resolve(context.cwd, dir), options.overwrite);
    if (options.json) return printJson(copied);
    for (const directory of copied.directories) context.stdout.line(directory);
  },
});
