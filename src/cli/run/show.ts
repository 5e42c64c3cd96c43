/** `run show`. */
import type { RunDocument } from '../../app/run/inspect-run.ts';
import type { Json } from '../../model/json.ts';
import { defineCommand, flag, prints, PROGRAM, RUN } from '../command.ts';
import type { CliContext } from '../context.ts';
import { programWord } from '../program-argument.ts';
import { idleLines } from '../render/idle-lines.ts';
import { makePaint } from '../render/paint.ts';
import { writeYamlOf } from '../render/yaml.ts';

export const command = defineCommand({
  description:
    'Shows a run: on a terminal what a person wants to know of it, into a pipe or a file as YAML all that is known: ' +
    'scopes, instances, inputs, frozen tasks.',
  words: [PROGRAM, RUN],
  usage: '[--yaml | --json]',
  options: {
    yaml: flag('--yaml', 'print all that is known as YAML on a terminal, too'),
    json: flag('--json', 'print it as JSON'),
  },
  json: prints<RunDocument>(),
  examples: ['. latest', '. 2026 --json'],
  async run({ words: [programDir, run], options, printJson }, context) {
    const { readRunToShow } = await import('../../app/run/inspect-run.ts');
    const { state, runId } = readRunToShow(programDir, run);
    const isForPeople = context.stdout.isTerminal && !options.yaml && !options.json;
    if (isForPeople) {
      const { summaryLines } = await import('../live/summary-lines.ts');
      for (const line of await summaryLines(programDir, state, context)) context.stdout.line(line);
    } else {
      const { runDocument, runDocumentParts } = await import('../../app/run/run-document.ts');
      if (options.json) return printJson(runDocument(programDir, state));
      // A document is plain data; an interface is no index signature.
      const parts = runDocumentParts(programDir, state) as unknown as Record<string, Json>;
      writeYamlOf(Object.entries(parts), (part) => context.stdout.write(part));
    }
    await sayIdle(programDir, runId, context);
  },
});

/** On standard error: that nobody drives a run that could go on. */
async function sayIdle(programDir: string, runId: string, context: CliContext): Promise<void> {
  const { idleRun } = await import('../../app/run/idle.ts');
  const idle = idleRun(programDir, runId, Date.parse(context.clock.now()));
  const paint = makePaint(context.stderr.color);
  const program = programWord(programDir, context);
  for (const line of idleLines(idle === null ? [] : [idle], program, paint)) {
    context.stderr.line(line);
  }
}
