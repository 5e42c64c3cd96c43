/** A question as a person reads it, wherever a terminal shows one whole: who asks, what, and what is to be known. */
import type { InterruptEntry } from '../../app/inbox/list.ts';
import { stringifyJson, type Json } from '../../model/json.ts';
import type { Interrupt, Reply } from '../../model/run.ts';
import { wrap } from '../../text/width.ts';
import { markdownLines } from './markdown.ts';
import type { Paint } from './paint.ts';
import { plainLine } from '../../text/plain-text.ts';

export interface Look {
  columns: number;
  paint: Paint;
}

/** The question; its options are for whoever asks for an answer to show. */
export function questionLines(
  { interrupt, run_id, problem }: InterruptEntry,
  { columns, paint }: Look,
): string[] {
  const { metadata } = interrupt;
  const kinds = [interrupt.request_kind, interrupt.decision_kind, `${interrupt.priority} priority`];
  const within = columns - 2;
  const lines = [
    `${paint.asks('?')} ${paint.bold(interrupt.interrupt_id)} ${kinds.filter((kind) => kind !== null).join(', ')}`,
    paint.dim(`  ${askedBy(interrupt)} run ${run_id}`),
    ...(problem === undefined ? [] : [paint.asks(`  ${plainLine(problem)}`)]),
    '',
    ...indented(markdownLines(interrupt.question, within, paint)),
  ];
  const said = {
    'The assistant wrote': metadata['assistant_summary'],
    'Its reasons': metadata['assistant_rationale'],
    'It cites': metadata['assistant_citations'],
  };
  for (const [title, value] of Object.entries(said)) {
    const text = Array.isArray(value) ? value.map((each) => `- ${shown(each)}`).join('\n') : value;
    if (typeof text !== 'string' || text.trim() === '') continue;
    lines.push('', paint.bold(`${title}:`));
    lines.push(...indented(markdownLines(text, within, paint)));
  }
  const further = Object.entries(metadata).filter(([key]) => !key.startsWith('assistant_'));
  if (further.length > 0 || interrupt.context_artifacts.length > 0) lines.push('');
  const notes = [
    ...further.map(([key, value]) => `${key}: ${shown(value)}`),
    ...interrupt.context_artifacts.map((file) => `see ${file}`),
  ];
  for (const note of notes) {
    lines.push(...indented(wrap(plainLine(note), within).map((line) => paint.dim(line))));
  }
  return lines;
}

/** The options, numbered as a person may name them. */
export function optionLines({ options }: Interrupt, { columns, paint }: Look): string[] {
  return options.flatMap((option, at) => {
    const mark = `${at + 1}) `;
    const [head = '', ...rest] = wrap(plainLine(option), columns - 2 - mark.length);
    const gap = ' '.repeat(2 + mark.length);
    return [`  ${paint.bold(mark.trimEnd())} ${head}`, ...rest.map((line) => `${gap}${line}`)];
  });
}

/** What was answered, by whom, and why. */
export function replyLines(reply: Reply, { columns, paint }: Look): string[] {
  const by = reply.audience === 'human' ? 'a person' : 'an assistant';
  const sure = reply.confidence === null ? '' : `, confidence ${reply.confidence}`;
  const lines = [
    `${paint.good('✔')} ${paint.bold('answered')} by ${by}, ${reply.created_at}${sure}`,
    '',
    ...indented(markdownLines(reply.text, columns - 2, paint)),
  ];
  if (reply.payload !== null) {
    lines.push('', ...indented(stringifyJson(reply.payload, 2).split('\n')));
  }
  if (reply.rationale !== null) {
    lines.push('', paint.bold('Why:'));
    lines.push(...indented(markdownLines(reply.rationale, columns - 2, paint)));
  }
  for (const citation of reply.citations) lines.push(paint.dim(`  see ${plainLine(citation)}`));
  return lines;
}

function askedBy({ subject, instance_id: instance }: Interrupt): string {
  if (subject === undefined) return `asked by ${instance} in`;
  return instance === null ? 'about' : `about ${instance} in`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`.trimEnd());
}

function shown(value: Json): string {
  return typeof value === 'string' ? value : stringifyJson(value);
}
