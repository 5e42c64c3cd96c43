/** `inbox reply`: an answer from the command line, or in a dialogue. */
import {
  answerInterrupt,
  refuseIfAnswered,
  type Answer,
  type AnsweredInterrupt,
} from '../app/inbox/answer.ts';
import { findInterrupt } from '../app/inbox/find.ts';
import { runHolder } from '../app/run/inspect-run.ts';
import type { Json } from '../model/json.ts';
import type { Confidence } from '../model/program.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import { describeHolder } from '../store/lock/run-lock.ts';
import type { CliContext, Output } from './context.ts';
import { printJson, readGivenFile } from './program-edits.ts';
import { programWord, splitProgram } from './program-argument.ts';
import { plural } from '../text/plural.ts';
import { makePaint } from './render/paint.ts';

export interface ReplyOptions {
  text?: string;
  textFile?: string;
  replyKind: 'answer' | 'handoff_to_human';
  payloadJson?: string;
  payloadFile?: string;
  rationale?: string;
  confidence?: Confidence;
  citation?: string[];
  runId?: string;
  resume?: boolean;
  json?: boolean;
}

export async function reply(
  words: string[],
  options: ReplyOptions,
  context: CliContext,
): Promise<void> {
  const usage = 'inbox reply [PROGRAM] ID --text TEXT [options]';
  const { programDir, rest } = splitProgram(words, { min: 1, max: 1, usage }, context);
  const found = findInterrupt(programDir, rest[0] ?? '', options.runId);
  const given = await givenAnswer(options, context);
  let answer: Answer | null;
  if (given.text !== null) answer = { ...given, text: given.text };
  else {
    const entry = await refuseIfAnswered(found);
    if (!context.stderr.isTerminal || context.stdin.isTTY !== true) {
      throw new Refusal('text-missing', 'there is no answer: say it with --text', {
        hint: `codex-orch inbox reply ${programWord(programDir, context)}${found.interruptId} --text '…' (or --text-file FILE; on a terminal, without either, it asks)`,
      });
    }
    const { askForAnswer } = await import('./reply-dialogue.ts');
    answer = await askForAnswer(entry, found.paths, given, context);
    if (answer === null) {
      context.stderr.line('nothing was sent');
      return context.exit(ExitStatus.interrupted);
    }
  }
  const answered = await answerInterrupt(context, found, answer, { command: 'inbox reply' });
  if (answered.setAside !== null) {
    context.stderr.line(`the reply file that was refused is kept as ${answered.setAside}`);
  }
  if (options.json !== true) {
    const { interrupt } = answered.entry;
    const status = answered.recorded ? interrupt.status : 'left';
    context.stdout.line([interrupt.interrupt_id, `status=${status}`].join('\t'));
  }
  await goOn(programDir, answered, options.resume === true, context);
  if (options.json === true) printJson(answered.entry, context);
}

type Given = Omit<Answer, 'text'> & { text: string | null; hasPayload: boolean };

async function givenAnswer(options: ReplyOptions, context: CliContext): Promise<Given> {
  exclude('--text', options.text, '--text-file', options.textFile);
  exclude('--payload-json', options.payloadJson, '--payload-file', options.payloadFile);
  if (options.textFile === '-' && options.payloadFile === '-') {
    throw new Refusal('bad-option', 'only one file can be standard input');
  }
  const { textFile, payloadFile } = options;
  const text =
    textFile === undefined ? (options.text ?? null) : await readGivenFile(textFile, context);
  const payload =
    payloadFile === undefined ? options.payloadJson : await readGivenFile(payloadFile, context);
  return {
    text,
    replyKind: options.replyKind,
    payload: payload === undefined ? null : parsePayload(payload, payloadFile ?? '--payload-json'),
    hasPayload: payload !== undefined,
    rationale: options.rationale ?? null,
    confidence: options.confidence ?? null,
    citations: options.citation ?? [],
  };
}

function exclude(a: string, valueA: unknown, b: string, valueB: unknown): void {
  if (valueA === undefined || valueB === undefined) return;
  throw new Refusal('bad-option', `${a} and ${b} exclude each other`);
}

function parsePayload(text: string, source: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new Refusal('payload-no-json', `${source} is no JSON: ${(error as Error).message}`, {
      hint: 'for example: --payload-json \'{"approved": true}\'',
    });
  }
}

/** Drives the run, or says what moves it. */
async function goOn(
  programDir: string,
  { entry, recorded, holder, stillOpen }: AnsweredInterrupt,
  resume: boolean,
  context: CliContext,
): Promise<void> {
  const { stderr } = context;
  const paint = makePaint(stderr.color);
  const program = programWord(programDir, context);
  const runId = entry.run_id;
  if (stillOpen.length > 0) {
    const [first] = stillOpen;
    stderr.line(
      `${entry.instance_id} still waits for ${plural(stillOpen.length, 'answer')}: ${paint.command(`codex-orch inbox show ${program}${first}`)}`,
    );
  }
  if (!recorded) {
    const who = holder === null ? 'the next engine' : describeHolder(holder);
    stderr.line(`the reply lies in the inbox, and is taken in by ${who}`);
  }
  if (holder !== null) {
    return stderr.line(
      `run ${runId} goes on by itself (${describeHolder(holder)}): ${paint.command(`codex-orch run watch ${program}${runId}`)}`,
    );
  }
  if (!resume) {
    return stderr.line(`to go on: ${paint.command(`codex-orch run resume ${program}${runId}`)}`);
  }
  const { resume: resumeRun } = await import('./run-drive.ts');
  // The result is the answer; the run's id, or its document, is not asked for.
  const quiet = Object.create(context, { stdout: { value: mute(context.stdout) } }) as CliContext;
  try {
    await resumeRun([programDir, runId], { wait: true }, quiet);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'run-busy') throw error;
    const now = runHolder(programDir, runId);
    const who = now === null ? 'another engine' : describeHolder(now);
    stderr.line(`run ${runId} goes on by itself (${who})`);
  }
}

function mute(output: Output): Output {
  return Object.create(output, {
    line: { value: () => undefined },
    write: { value: () => undefined },
  }) as Output;
}
