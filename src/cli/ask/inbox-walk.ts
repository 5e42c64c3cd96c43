/** Goes through the open questions with a person, and then on with the runs that are answered. */
import { answerInterrupt } from '../../app/inbox/answer.ts';
import { findInterruptToAnswer } from '../../app/inbox/find.ts';
import { listInterrupts, type InterruptEntry } from '../../app/inbox/list.ts';
import { driveInBackground } from '../../app/run/background.ts';
import { runChanges } from '../../app/run/changes.ts';
import { answeredRuns } from '../../app/run/idle.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { plural } from '../../text/plural.ts';
import type { CliContext } from '../context.ts';
import { programWord } from '../program-argument.ts';
import { diffLine } from '../render/markdown.ts';
import { plainText } from '../../text/plain-text.ts';
import { optionLines, questionLines } from '../render/question-lines.ts';
import { DialogueEnded, Prompter } from './prompter.ts';
import { askForText, completeAnswer } from './reply-dialogue.ts';

const CHANGES = 'd';
const QUIT = 'q';
/** Of a patch on a terminal, before it says how to see the rest. */
const PATCH_LINES = 200;

/** Sets the exit status where the person ends it by Ctrl-C. */
export async function walkInbox(programDir: string, context: CliContext): Promise<void> {
  const { entries } = await listInterrupts(programDir, { unresolvedOnly: true });
  const open = entries.filter(({ interrupt }) => interrupt.audience === 'human');
  const prompter = new Prompter(context);
  let runs: string[] = [];
  try {
    sayOthers(entries.length - open.length, programDir, context, prompter);
    if (open.length === 0) prompter.say('No question waits for you.');
    for (const [at, entry] of open.entries()) {
      if (at > 0) prompter.say();
      prompter.say(prompter.paint.dim(`Question ${at + 1} of ${open.length}`));
      if (!(await walkOne(programDir, entry, context, prompter))) break;
    }
    runs = await askToGoOn(programDir, prompter);
  } catch (error) {
    if (!(error instanceof DialogueEnded)) throw error;
    prompter.say();
    return context.exit(ExitStatus.interrupted);
  } finally {
    prompter.close();
  }
  await goOn(programDir, runs, context);
}

function sayOthers(
  amount: number,
  programDir: string,
  context: CliContext,
  prompter: Prompter,
): void {
  if (amount === 0) return;
  const command = `codex-orch inbox worker ${programWord(programDir, context)}--once`;
  prompter.say(
    `${plural(amount, 'question waits', 'questions wait')} for assistants: ${prompter.paint.command(command)}`,
  );
}

/** False: the person has had enough. */
async function walkOne(
  programDir: string,
  entry: InterruptEntry,
  context: CliContext,
  prompter: Prompter,
): Promise<boolean> {
  const look = { columns: context.stderr.columns, paint: prompter.paint };
  for (const line of questionLines(entry, look)) prompter.say(line);
  prompter.say();
  for (const line of optionLines(entry.interrupt, look)) prompter.say(line);
  const found = findInterruptToAnswer(programDir, entry.interrupt.interrupt_id, entry.run_id);
  const others = {
    // An option of that name is meant before what the letter would mean else.
    letters: [CHANGES, QUIT].filter((letter) => !entry.interrupt.options.includes(letter)),
    hint: `Enter: later, ${CHANGES}: changes, ${QUIT}: quit`,
  };
  for (;;) {
    const text = await askForText(entry.interrupt, prompter, others);
    if (text === null) return true;
    if (others.letters.includes(text)) {
      if (text === QUIT) return false;
      await showChanges(programDir, entry, context, prompter);
      continue;
    }
    const given = {
      ...{ replyKind: 'answer' as const, payload: null, hasPayload: false },
      ...{ rationale: null, confidence: null, citations: [] },
    };
    const answer = await completeAnswer(text, entry, found, given, prompter);
    if (answer === null) continue;
    try {
      await answerInterrupt(context, found, answer, { command: 'inbox walk' });
      prompter.say(`${prompter.paint.good('✔')} sent`);
      return true;
    } catch (error) {
      // Somebody else was quicker, or it does not fit.
      if (!(error instanceof Refusal)) throw error;
      prompter.say(prompter.paint.bad(plainText(error.message)));
      if (error.code === 'already-answered') return true;
    }
  }
}

/** What the asker has changed so far, where it works in a tree of its own. */
async function showChanges(
  programDir: string,
  { run_id: run, instance_id: instance }: InterruptEntry,
  context: CliContext,
  prompter: Prompter,
): Promise<void> {
  try {
    const { repositories } = await runChanges(context, programDir, run, { instance, patch: true });
    const lines = repositories.flatMap(({ patch }) =>
      plainText(patch ?? '')
        .trimEnd()
        .split('\n'),
    );
    if (lines.every((line) => line === '')) prompter.say('  nothing was changed');
    for (const line of lines.slice(0, PATCH_LINES)) {
      prompter.say(
        diffLine(line.replace(/^(index \w{7})\w*(\.\.\w{7})\w*/, '$1$2'), prompter.paint),
      );
    }
    if (lines.length > PATCH_LINES) {
      const words = [run, ...(instance === null ? [] : [instance])].join(' ');
      const command = `codex-orch run changes ${programWord(programDir, context)}${words} --patch`;
      prompter.say(
        `… ${plural(lines.length - PATCH_LINES, 'more line')}: ${prompter.paint.command(command)}`,
      );
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    prompter.say(`  ${plainText(error.message)}`);
  }
}

/** Which of the runs that could go on, and that nobody drives, are to. */
async function askToGoOn(programDir: string, prompter: Prompter): Promise<string[]> {
  const wanted: string[] = [];
  for (const { runId, answered, waiting } of answeredRuns(programDir, null)) {
    const part =
      answered === waiting ? 'has all its answers' : `has ${answered} of ${waiting} answers`;
    prompter.say();
    if (await prompter.yesOrNo(`Run ${runId} ${part}. Go on with it?`, true)) wanted.push(runId);
  }
  return wanted;
}

/** One is shown here; of several, each goes on in the background. */
async function goOn(
  programDir: string,
  runs: readonly string[],
  context: CliContext,
): Promise<void> {
  const [first, ...others] = runs;
  if (first === undefined) return;
  if (others.length === 0) {
    const { resumeHere } = await import('../live/drive-here.ts');
    return resumeHere(programDir, first, () => undefined, null, context);
  }
  const program = programWord(programDir, context);
  for (const run of runs) {
    driveInBackground(context, programDir, run, { revive: true });
    context.stderr.line(
      `run ${run} goes on in the background: codex-orch run watch ${program}${run}`,
    );
  }
}
