/** `blame`: which instance of which run made each line of a file, and what it was told. */
import path from 'node:path';
import { readForeignText } from '../../disk/foreign-file.ts';
import { blameFile, type BlamedLine } from '../../git/blame.ts';
import { gitOf } from '../../git/git.ts';
import { programOf } from '../../git/result.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { viewRun } from '../../store/directory/view.ts';
import { listRunIds, runPaths } from '../../store/layout.ts';
import type { World } from '../world.ts';

export interface BlameLine {
  /** From 1, as the file stands. */
  line: number;
  /** Null: not committed yet. */
  commit: string | null;
  /** Null, as the next three: no run made the line, or nothing tells any more. */
  run: string | null;
  instance: string | null;
  task: string | null;
  attempt: number | null;
  text: string;
}

/** A line, and what its instance was told until then. */
export interface BlameReason extends BlameLine {
  /** Of the program that has the run, absolute; null: none that is known here has it. */
  program: string | null;
  /** Null: it is not there any more. */
  prompt: string | null;
  answers: BlameAnswer[];
}

export interface BlameAnswer {
  interrupt_id: string;
  question: string;
  /** Null: nobody has answered. */
  text: string | null;
}

const MAX_PROMPT_BYTES = 4 << 20;

/** `file`: absolute. `range`: `A,B`. @throws Refusal `blame-refused` */
export async function blame(
  world: World,
  file: string,
  range: string | null,
): Promise<BlameLine[]> {
  return (await blameFile(gitOf(world.env), file, range)).map(lineOf);
}

/** `programs`: where the run may be looked for, beside where its result says. @throws Refusal `blame-refused`, `blame-unknown` */
export async function blameWhy(
  world: World,
  file: string,
  line: number,
  programs: readonly string[],
): Promise<BlameReason> {
  const [blamed] = await blame(world, file, `${line},${line}`);
  if (!blamed || blamed.run === null || blamed.instance === null) {
    const message = `No run is known to have made line ${line} of ${path.basename(file)}.`;
    throw new Refusal('blame-unknown', message, { exit: ExitStatus.notFound });
  }
  const { run, instance, attempt } = blamed;
  const kept = await programOf(gitOf(world.env), { cwd: path.dirname(file) }, run);
  const known = kept === null ? programs : [...programs, kept];
  const program = known.find((directory) => listRunIds(directory).includes(run)) ?? null;
  if (program === null) return { ...blamed, program, prompt: null, answers: [] };
  const paths = runPaths(program, run);
  const { state } = viewRun(paths);
  const last = attempt ?? state.instances.get(instance)?.attempt ?? 1;
  const answers = [...state.interrupts.values()].flatMap(
    ({ interrupt, reply, appliedInAttempt }) => {
      if (interrupt.instance_id !== instance || (appliedInAttempt ?? last) > last) return [];
      const { interrupt_id, question } = interrupt;
      return [{ interrupt_id, question, text: reply?.text ?? null }];
    },
  );
  const prompts = paths
    .shownFile(instance, last, 'prompt.md')
    .map((name) => readForeignText(name, { maxBytes: MAX_PROMPT_BYTES }));
  const prompt = prompts.find((read) => read.ok);
  return { ...blamed, program, prompt: prompt?.ok === true ? prompt.text : null, answers };
}

function lineOf({ line, commit, author, text }: BlamedLine): BlameLine {
  const { run = null, instance = null, task = null, attempt = null } = author ?? {};
  return { line, commit, run, instance, task, attempt, text };
}
