/** `inbox reply` on a terminal without `--text`: shows the question and asks for the answer. */
import type { Answer } from '../../app/inbox/answer.ts';
import type { FoundInterrupt } from '../../app/inbox/find.ts';
import type { InterruptEntry } from '../../app/inbox/list.ts';
import { payloadFormOf, payloadProblems } from '../../app/inbox/payload-form.ts';
import { stringifyJson, type Json } from '../../model/json.ts';
import type { Interrupt } from '../../model/run.ts';
import type { CliContext } from '../context.ts';
import { fillPayload } from './payload-form.ts';
import { DialogueEnded, Prompter } from './prompter.ts';
import { plainLine, plainText } from '../../text/plain-text.ts';
import { optionLines, questionLines } from '../render/question-lines.ts';

/** null where the person gave up. */
export async function askForAnswer(
  entry: InterruptEntry,
  found: FoundInterrupt,
  given: GivenAnswer,
  context: CliContext,
): Promise<Answer | null> {
  const prompter = new Prompter(context);
  try {
    const look = { columns: context.stderr.columns, paint: prompter.paint };
    for (const line of questionLines(entry, look)) prompter.say(line);
    prompter.say();
    for (const line of optionLines(entry.interrupt, look)) prompter.say(line);
    const text = await askForText(entry.interrupt, prompter, null);
    if (text === null) return null;
    return await completeAnswer(text, entry, found, given, prompter);
  } catch (error) {
    if (!(error instanceof DialogueEnded)) throw error;
    prompter.say();
    return null;
  } finally {
    prompter.close();
  }
}

/** What the command line said already. */
export type GivenAnswer = Omit<Answer, 'text'> & { hasPayload: boolean };

/** Asks for what the words alone leave open, and whether to send it. null: it is not to be sent. */
export async function completeAnswer(
  text: string,
  { interrupt }: InterruptEntry,
  found: FoundInterrupt,
  given: GivenAnswer,
  prompter: Prompter,
): Promise<Answer | null> {
  const { hasPayload, ...rest } = given;
  // Of the engine's own questions the words say all.
  const isForm = interrupt.reply_schema !== null && interrupt.subject === undefined;
  const isAsked = isForm && !hasPayload && given.replyKind === 'answer';
  const payload = isAsked ? await askForPayload(interrupt, found, prompter) : given.payload;
  const answer: Answer = { ...rest, text, payload };
  prompter.say();
  prompter.say(`${prompter.paint.bold('Answer:')} ${plainText(text)}`);
  if (isAsked) prompter.say(plainText(stringifyJson(payload, 2)));
  return (await prompter.yesOrNo('Send it?', true)) ? answer : null;
}

/**
 * The words of an answer: those of an option that was named by its number, or the person's own. `others`: single letters
 * that mean something else here, and how to say so; such a letter comes back as it is. null: an empty line, where
 * there are such letters.
 */
export async function askForText(
  { options }: Interrupt,
  prompter: Prompter,
  others: { letters: readonly string[]; hint: string } | null,
): Promise<string | null> {
  const own =
    options.length > 0 ? 'a number, or your own words' : 'a line that ends with \\ goes on';
  const hint = others === null ? own : `${own}; ${others.hint}`;
  for (;;) {
    const text = await manyLines(prompter, `Answer (${hint}): `);
    if (others !== null && (text === '' || others.letters.includes(text))) return text || null;
    const number = /^\d+$/.test(text) ? Number(text) : 0;
    const chosen = number > 0 ? options[number - 1] : undefined;
    if (chosen !== undefined) return chosen;
    if (text !== '' && (options.length === 0 || number === 0)) return text;
    prompter.say(
      options.length > 0 ? `  1 to ${options.length}, or some text` : '  it needs an answer',
    );
  }
}

async function manyLines(prompter: Prompter, prompt: string): Promise<string> {
  const lines: string[] = [];
  for (let next = prompt; ; next = '  … ') {
    const line = await prompter.line(next);
    lines.push(line.replace(/\\$/, ''));
    if (!line.endsWith('\\')) return lines.join('\n').trim();
  }
}

async function askForPayload(
  interrupt: Interrupt,
  { paths }: FoundInterrupt,
  prompter: Prompter,
): Promise<Json> {
  const { schema, problem } = await payloadFormOf(paths, interrupt);
  if (schema === null) throw problem ?? new Error('the question has no schema');
  // One that cannot be used says so before anything is asked.
  await payloadProblems(paths, interrupt, null);
  let payload: Json | undefined;
  for (;;) {
    prompter.say();
    payload = await fillPayload(schema, prompter, payload);
    const problems = await payloadProblems(paths, interrupt, payload);
    if (problems.length === 0) return payload;
    prompter.say(prompter.paint.bad(`That does not fit ${interrupt.reply_schema}:`));
    for (const { pointer, message } of problems) {
      prompter.say(`  ${pointer === '' ? '' : `${pointer}: `}${plainLine(message)}`);
    }
    if (!(await prompter.yesOrNo('Go through it again?', true))) throw new DialogueEnded();
  }
}
