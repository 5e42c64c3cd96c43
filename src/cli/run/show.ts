/** `run show`. */
import type { RunDocument } from '../../app/run/inspect-run.ts';
import type { JsonObject } from '../../model/json.ts';
import { defineCommand, flag, prints, PROGRAM, RUN } from '../command.ts';
import { programWord } from '../program-argument.ts';
import { idleLines } from '../render/idle-lines.ts';
import { makePaint } from '../render/paint.ts';
import { writeYaml } from '../render/yaml.ts';

export const command = defineCommand({
  description: 'Prints all that is known of a run: scopes, instances, inputs, frozen tasks.',
  words: [PROGRAM, RUN],
  usage: '[--json]',
  options: { json: flag('--json', 'print JSON instead of YAML') },
  json: prints<RunDocument>(),
  examples: ['. latest', '. 2026 --json'],
  async run({ words: [programDir, run], options, printJson }, context) {
    const { showRun } = await import('../../app/run/inspect-run.ts');
    const document = showRun(programDir, run);
    if (options.json) return printJson(document);
    const { idleRun } = await import('../../app/run/idle.ts');
    const idle = idleRun(programDir, document.id, Date.parse(context.clock.now()));
    const paint = makePaint(context.stderr.color);
    const program = programWord(programDir, context);
    for (const line of idleLines(idle === null ? [] : [idle], program, paint)) {
      context.stderr.line(line);
    }
    // A document is plain data; an interface is no index signature.
    writeYaml(document as unknown as JsonObject, (part) => context.stdout.write(part));
  },
});
