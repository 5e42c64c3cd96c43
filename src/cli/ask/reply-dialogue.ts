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
import { plainLine, plainText } from '../render/plain-text.ts';

/** null where the person gave up. */
export async function askForAnswer(
  entry: InterruptEntry,
  found: FoundInterrupt,
  given: Omit<Answer, 'text'> & { hasPayload: boolean },
  context: CliContext,
): Promise<Answer | null> {
  const prompter = new Prompter(context);
  try {
    showQuestion(entry, prompter);
    const text = await askForText(entry, prompter);
    const { hasPayload, ...rest } = given;
    const { interrupt } = entry;
    // Of the engine's own questions the words say all.
    const isForm = interrupt.reply_schema !== null && interrupt.subject === undefined;
    const isAsked = isForm && !hasPayload && given.replyKind === 'answer';
    const payload = isAsked ? await askForPayload(interrupt, found, prompter) : given.payload;
    const answer: Answer = { ...rest, text, payload };
    prompter.say();
    prompter.say(`${prompter.paint.bold('Answer:')} ${plainText(text)}`);
    if (isAsked) prompter.say(plainText(stringifyJson(payload, 2)));
    return (await prompter.yesOrNo('Send it?', true)) ? answer : null;
  } catch (error) {
    if (!(error instanceof DialogueEnded)) throw error;
    prompter.say();
    return null;
  } finally {
    prompter.close();
  }
}

function showQuestion({ interrupt, run_id, problem }: InterruptEntry, prompter: Prompter): void {
  const { paint } = prompter;
  const { metadata } = interrupt;
  const kinds = [interrupt.request_kind, interrupt.decision_kind, `${interrupt.priority} priority`];
  prompter.say(
    `${paint.asks('?')} ${paint.bold(interrupt.interrupt_id)} ${kinds.filter((kind) => kind !== null).join(', ')}`,
  );
  prompter.say(paint.dim(`  ${askedBy(interrupt)} run ${run_id}`));
  if (problem !== undefined) prompter.say(paint.asks(`  ${plainLine(problem)}`));
  prompter.say();
  prompter.say(indented(interrupt.question));
  const said = {
    'The assistant wrote': metadata['assistant_summary'],
    'Its reasons': metadata['assistant_rationale'],
    'It cites': metadata['assistant_citations'],
  };
  for (const [title, value] of Object.entries(said)) {
    const text = Array.isArray(value) ? value.map(String).join('\n') : value;
    if (typeof text !== 'string' || text.trim() === '') continue;
    prompter.say();
    prompter.say(paint.bold(`${title}:`));
    prompter.say(indented(text));
  }
  const further = Object.entries(metadata).filter(([key]) => !key.startsWith('assistant_'));
  if (further.length > 0 || interrupt.context_artifacts.length > 0) prompter.say();
  for (const [key, value] of further) {
    prompter.say(paint.dim(`  ${plainLine(`${key}: ${shown(value)}`)}`));
  }
  for (const file of interrupt.context_artifacts) {
    prompter.say(paint.dim(`  see ${plainLine(file)}`));
  }
  prompter.say();
}

function askedBy({ subject, instance_id: instance }: Interrupt): string {
  if (subject === undefined) return `asked by ${instance} in`;
  return instance === null ? 'about' : `about ${instance} in`;
}

async function askForText({ interrupt }: InterruptEntry, prompter: Prompter): Promise<string> {
  const { options } = interrupt;
  for (const [at, option] of options.entries()) {
    prompter.say(`  ${prompter.paint.bold(String(at + 1))}) ${plainLine(option)}`);
  }
  const hint =
    options.length > 0 ? 'a number, or an answer of your own' : 'a line that ends with \\ goes on';
  for (;;) {
    const text = await manyLines(prompter, `Answer (${hint}): `);
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

function indented(text: string): string {
  return plainText(text)
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

function shown(value: Json): string {
  return typeof value === 'string' ? value : stringifyJson(value);
}
