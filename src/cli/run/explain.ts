/** `run explain`. */
import type { Decision } from '../../app/run/inspect-run.ts';
import type { Explanation } from '../../core/explain/explain.ts';
import { isRunStopped } from '../../core/state/standing.ts';
import { runStatus } from '../../core/state/run-state.ts';
import type { InstanceStatus, RunStatus } from '../../model/run.ts';
import {
  defineCommand,
  flag,
  INSTANCE,
  optional,
  prints,
  PROGRAM,
  RUN_OR_LATEST,
} from '../command.ts';
import type { CliContext } from '../context.ts';
import { shellWord } from '../../text/shell-word.ts';
import { programWord } from '../program-argument.ts';
import { makePaint, paintStatus } from '../render/paint.ts';
import { standingWord, type StandingWord } from '../render/standing-word.ts';
import { plainLine } from '../../text/plain-text.ts';
import { wrap } from '../../text/width.ts';

interface RunExplanationDocument {
  run_id: string;
  status: RunStatus;
  /** It has `failed` because a person stopped it: a resume goes on with it. */
  stopped: boolean;
  /** Who drives the run now, for people; null: nobody. */
  driven_by: string | null;
  /** The instance asked for, or all that are not done. */
  instances: InstanceExplanation[];
  /** What controllers have chosen so far. */
  decisions: Decision[];
}

interface InstanceExplanation {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  status: InstanceStatus;
  /** It has `failed` because a person stopped it: a resume goes on with it. */
  stopped: boolean;
  why: string;
  /** The command line that would move it; null: nothing need be done. */
  command: string | null;
}

export const command = defineCommand({
  description: 'Says why each unfinished instance is where it is, and what would move it.',
  words: [PROGRAM, RUN_OR_LATEST, optional(INSTANCE)],
  usage: '[--json]',
  options: { json: flag('--json', 'print JSON') },
  json: prints<RunExplanationDocument>(),
  examples: ['', '. latest build-1a2b3c4d'],
  async run({ words: [programDir, run, instance], options, printJson }, context) {
    const { describeHolder, explainRun } = await import('../../app/run/inspect-run.ts');
    const explained = explainRun(programDir, run, {
      surroundings: context,
      ...(instance === null ? {} : { instance }),
    });
    const { runId, state, holder, decisions } = explained;
    const program = programWord(programDir, context);
    const document: RunExplanationDocument = {
      run_id: runId,
      status: runStatus(state),
      stopped: isRunStopped(state),
      driven_by: holder === null ? null : describeHolder(holder),
      instances: explained.instances.map((each) => ({
        ...each,
        command: commandLineOf(each, programDir, program),
      })),
      decisions,
    };
    if (options.json) return printJson(document);
    const word = standingWord({ ...document, aborted: state.aborted });
    if (context.stdout.isTerminal) {
      for (const line of explanationLines(document, word, instance === null, context)) {
        context.stdout.line(line);
      }
      return;
    }
    for (const each of document.instances) {
      const cells = [each.instance_id, each.status, each.why, each.command ?? ''];
      context.stdout.line(cells.map(plainLine).join('\t'));
    }
  },
});

function explanationLines(
  { run_id, driven_by, instances, decisions }: RunExplanationDocument,
  word: StandingWord,
  whole: boolean,
  context: CliContext,
): string[] {
  const paint = makePaint(context.stdout.color);
  const width = Math.min(context.stdout.columns, 100) - 1;
  const driver = driven_by === null ? 'nothing drives it' : `driven by ${driven_by}`;
  const lines = [`Run ${run_id}: ${paintStatus(paint, word, word)}; ${driver}.`];
  for (const each of instances) {
    const { command } = each;
    const shown = each.stopped ? 'stopped' : each.status;
    lines.push(
      '',
      `${paint.bold(each.instance_id)}  ${paintStatus(paint, shown, shown)}`,
      ...wrap(plainLine(each.why), width - 2).map((line) => `  ${line}`),
      ...(command === null ? [] : [`  ${paint.command(command)}`]),
    );
  }
  if (whole && instances.length === 0) lines.push('Every instance is done.');
  if (whole && decisions.length > 0) {
    lines.push('', 'Decisions:');
    for (const decision of decisions) {
      const chosen = decision.chosen.length === 0 ? 'nothing' : decision.chosen.join(', ');
      const not = decision.not_chosen.length === 0 ? '' : `; not ${decision.not_chosen.join(', ')}`;
      const round = decision.opened === null ? '' : ` (iteration ${decision.opened.iteration})`;
      lines.push(`  ${plainLine(`${decision.instance_id} chose ${chosen}${not}${round}`)}`);
    }
  }
  return lines;
}

/** The command as a reader would type it from where they are. */
function commandLineOf(
  { command }: Explanation,
  programDir: string,
  program: string,
): string | null {
  if (command === null) return null;
  const words = command.flatMap((word) => {
    if (word !== programDir) return [shellWord(word)];
    return program === '' ? [] : [program.trimEnd()];
  });
  return ['codex-orch', ...words].join(' ');
}
