/** `inbox reply`: an answer from the command line, or in a dialogue. */
import type { Answer, AnsweredInterrupt } from '../../app/inbox/answer.ts';
import type { FoundInterrupt } from '../../app/inbox/find.ts';
import type { InterruptEntry } from '../../app/inbox/list.ts';
import { parseJson, type Json } from '../../model/json.ts';
import { confidences } from '../../model/program.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Reply } from '../../model/run.ts';
import {
  choice,
  choiceOr,
  defineCommand,
  flag,
  INTERRUPT,
  prints,
  PROGRAM,
  text,
  texts,
  type ValuesOf,
} from '../command.ts';
import type { CliContext } from '../context.ts';
import { readGivenFile } from '../given-file.ts';
import { programWord } from '../program-argument.ts';
import { driveOptions } from '../run/run-options.ts';
import { plural } from '../../text/plural.ts';
import { makePaint } from '../render/paint.ts';

const options = {
  text: text('--text <text>', 'the answer'),
  textFile: text('--text-file <file>', 'a file with the answer; - is standard input', {
    kind: 'file',
  }),
  replyKind: choiceOr(
    '--reply-kind <kind>',
    'hand over what an assistant was asked, or answer',
    ['answer', 'handoff_to_human'],
    'answer',
  ),
  payloadJson: text(
    '--payload-json <json>',
    'the structured answer, where the question has a reply schema',
  ),
  payloadFile: text('--payload-file <file>', 'the same from a JSON file; - is standard input', {
    kind: 'file',
  }),
  rationale: text('--rationale <text>', 'why'),
  confidence: choice('--confidence <level>', 'how sure', confidences),
  citations: texts('--citation <source...>', 'what it rests on; may be repeated'),
  runId: text('--run-id <run>', 'look for ID in this run only', { kind: 'run' }),
  resume: flag('--resume', 'then go on with the run, and show progress'),
  onInterrupt: driveOptions.onInterrupt,
  json: flag('--json', 'print the reply as JSON, with its interrupt'),
};

interface AnsweredEntry extends InterruptEntry, Reply {
  reply: Reply;
}

export const command = defineCommand({
  description:
    'Answers an open question; the first answer stands. On a terminal, without --text, it asks you.\n' +
    'A file inbox/replies/ID.json in the run, with {"text": "…"}, does the same.',
  words: [PROGRAM, INTERRUPT],
  usage: '[--text TEXT | --text-file FILE] [options]',
  usageInErrors: '--text TEXT [options]',
  options,
  json: prints<AnsweredEntry>('The reply, and beside its keys the interrupt with it.'),
  examples: ['. int-1a2b3c4d5e6f', '. int-1a2b --text ok --payload-json \'{"n": 3}\' --resume'],
  async run({ words: [programDir, id], options: chosen, printJson }, context) {
    const { answerInterrupt } = await import('../../app/inbox/answer.ts');
    const { findInterruptToAnswer } = await import('../../app/inbox/find.ts');
    const found = findInterruptToAnswer(programDir, id, chosen.runId ?? undefined);
    const given = await givenAnswer(chosen, context);
    const answer =
      given.text === null
        ? await askedAnswer(programDir, found, given, context)
        : { ...given, text: given.text };
    if (answer === null) {
      context.stderr.line('nothing was sent');
      return context.exit(ExitStatus.interrupted);
    }
    const answered = await answerInterrupt(context, found, answer, { command: 'inbox reply' });
    if (answered.setAside !== null) {
      context.stderr.line(`the reply file that was refused is kept as ${answered.setAside}`);
    }
    if (!chosen.json) {
      const { interrupt } = answered.entry;
      const status = answered.recorded ? interrupt.status : 'left';
      context.stdout.line([interrupt.interrupt_id, `status=${status}`].join('\t'));
    }
    await goOn(programDir, answered, chosen, context);
    const { entry } = answered;
    if (chosen.json && entry.reply) printJson({ ...entry.reply, ...entry, reply: entry.reply });
  },
});

/** null where the person gave up. @throws Refusal `text-missing` where there is nobody to ask */
async function askedAnswer(
  programDir: string,
  found: FoundInterrupt,
  given: Given,
  context: CliContext,
): Promise<Answer | null> {
  const { refuseIfAnswered } = await import('../../app/inbox/answer.ts');
  const entry = await refuseIfAnswered(context, found);
  if (!context.stderr.isTerminal || context.stdin.isTTY !== true) {
    throw new Refusal('text-missing', 'there is no answer: say it with --text', {
      hint: `codex-orch inbox reply ${programWord(programDir, context)}${found.interruptId} --text '…' (or --text-file FILE; on a terminal, without either, it asks)`,
    });
  }
  const { askForAnswer } = await import('../ask/reply-dialogue.ts');
  return askForAnswer(entry, found, given, context);
}

type Given = Omit<Answer, 'text'> & { text: string | null; hasPayload: boolean };

async function givenAnswer(chosen: ValuesOf<typeof options>, context: CliContext): Promise<Given> {
  const { textFile, payloadFile } = chosen;
  exclude('--text', chosen.text, '--text-file', textFile);
  exclude('--payload-json', chosen.payloadJson, '--payload-file', payloadFile);
  if (textFile === '-' && payloadFile === '-') {
    throw new Refusal('bad-option', 'only one file can be standard input');
  }
  const said = textFile === null ? chosen.text : await readGivenFile(textFile, context);
  const payload =
    payloadFile === null ? chosen.payloadJson : await readGivenFile(payloadFile, context);
  const { replyKind, rationale, confidence, citations } = chosen;
  return {
    text: said,
    replyKind,
    payload: payload === null ? null : parsePayload(payload, payloadFile ?? '--payload-json'),
    hasPayload: payload !== null,
    rationale,
    confidence,
    citations,
  };
}

function exclude(a: string, valueA: string | null, b: string, valueB: string | null): void {
  if (valueA === null || valueB === null) return;
  throw new Refusal('bad-option', `${a} and ${b} exclude each other`);
}

function parsePayload(text: string, source: string): Json {
  try {
    return parseJson(text);
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
  { resume, onInterrupt }: Pick<ValuesOf<typeof options>, 'resume' | 'onInterrupt'>,
  context: CliContext,
): Promise<void> {
  const { describeHolder, runHolder } = await import('../../app/run/inspect-run.ts');
  const { stderr } = context;
  const paint = makePaint(stderr.color);
  const program = programWord(programDir, context);
  const runId = entry.run_id;
  if (stillOpen.length > 0) {
    const [first] = stillOpen;
    stderr.line(
      `${entry.instance_id ?? 'the run'} still waits for ${plural(stillOpen.length, 'answer')}: ${paint.command(`codex-orch inbox show ${program}${first}`)}`,
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
  const { resumeHere } = await import('../live/drive-here.ts');
  try {
    // The result is the answer: the run's id is not asked for.
    await resumeHere(programDir, runId, () => undefined, onInterrupt, context);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'run-busy') throw error;
    const now = runHolder(programDir, runId);
    const who = now === null ? 'another engine' : describeHolder(now);
    stderr.line(`run ${runId} goes on by itself (${who})`);
  }
}
