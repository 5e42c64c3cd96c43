/** Questions that the engine asks a person by itself, and what their answers mean. Who obeys: `requests/obey.ts`. */
import { wholeAmounts } from '../../model/budget.ts';
import { derivedInterruptId } from '../../model/ids.ts';
import { isJsonObject, type JsonObject } from '../../model/json.ts';
import { answersOf, isCount, replySchemaName, type Subject } from '../../model/questions.ts';
import type {
  Instance,
  Interrupt,
  InterruptRecord,
  Reply,
  WaitingReason,
} from '../../model/run.ts';
import type { Recorder } from './recorder.ts';
import { instanceOf, type RunState } from './run-state.ts';

export interface EngineQuestion {
  subject: Subject;
  /** What tells it from others of its subject in this run. */
  key: string;
  /** null: it concerns the run. */
  instanceId: string | null;
  /** Markdown; it says which answers there are. */
  question: string;
  /** Of its subject's, those that can be chosen; left out: all. */
  choices?: readonly string[];
  /** What it rests on, for people and programs. */
  metadata: JsonObject;
}

/** Of the question about `key`: it follows from run and subject. */
function questionId(runId: string, { subject, key }: Pick<EngineQuestion, 'subject' | 'key'>) {
  return derivedInterruptId(`${runId}/${subject}/${key}`);
}

/** Asks, unless it has been asked. */
export function askPerson(recorder: Recorder, asked: EngineQuestion): void {
  const { state } = recorder;
  const id = questionId(state.runId, asked);
  if (state.interrupts.has(id)) return;
  const { subject, instanceId, question, metadata } = asked;
  const { choices = Object.keys(answersOf(subject)) } = asked;
  recorder.emit('interrupt_requested', instanceId, {
    interrupt: {
      interrupt_id: id,
      run_id: state.runId,
      instance_id: instanceId,
      task_id: instanceId === null ? null : instanceOf(state, instanceId).task_id,
      audience: 'human',
      blocking: true,
      request_kind: 'control_request',
      question,
      decision_kind: null,
      options: [...choices],
      context_artifacts: [],
      reply_schema: replySchemaName(subject),
      priority: 'normal',
      requested_target_role_id: null,
      recommended_target_role_id: null,
      resolved_target_role_id: null,
      target_resolution_reason: null,
      metadata,
      status: 'open',
      created_at: recorder.now,
      resolved_at: null,
      applied_at: null,
      subject,
    },
  });
}

/** What a person chose, with the amounts that they named. */
export interface Chosen {
  choice: string;
  amounts: Readonly<Record<string, number>>;
}

/** null: it is none of the answers that the subject knows and the question names. */
export function readChoice(
  { subject, options, metadata }: Pick<Interrupt, 'subject' | 'options' | 'metadata'>,
  { text, payload }: Pick<Reply, 'text' | 'payload'>,
): Chosen | null {
  if (subject === undefined) return null;
  const choices = choicesOf(subject, options);
  const chosen =
    isJsonObject(payload) && Object.keys(payload).length > 0
      ? fromPayload(choices, payload)
      : fromText(choices, text.trim().replace(/\.$/, ''), metadata);
  const counts = (choices[chosen?.choice ?? ''] ?? []).filter(isCount);
  return counts.every((name) => Number.isInteger(chosen?.amounts[name])) ? chosen : null;
}

function fromText(
  choices: Readonly<Record<string, readonly string[]>>,
  said: string,
  metadata: JsonObject,
): Chosen | null {
  const choice = Object.keys(choices).find((each) => isSaid(each, said));
  if (choice === undefined) return null;
  const allowed = choices[choice] ?? [];
  // A number alone is of what has run out.
  const [meant] = Array.isArray(metadata['spent']) ? metadata['spent'] : [];
  const first = allowed.find((name) => name === meant) ?? allowed[0];
  return fromWords(choice, allowed, first, said.slice(choice.length));
}

/** Of a question that is answered; null where it is not, or is none of the engine's. */
export function chosenIn({ interrupt, reply }: InterruptRecord): Chosen | null {
  return reply === null ? null : readChoice(interrupt, reply);
}

/** As `chosenIn`, of the question about `key`; null where there is none, or it is not answered. */
export function chosenAbout(state: RunState, subject: Subject, key: string): Chosen | null {
  const record = state.interrupts.get(questionId(state.runId, { subject, key }));
  return record === undefined ? null : chosenIn(record);
}

/** `"grant" (wall_sec), "give up"` */
export function choicesInWords(subject: Subject, options: readonly string[]): string {
  const named = Object.entries(choicesOf(subject, options)).map(([choice, amounts]) =>
    amounts.length === 0 ? `"${choice}"` : `"${choice}" (with a number: ${amounts.join(', ')})`,
  );
  return named.join(' or ');
}

function choicesOf(
  subject: Subject,
  options: readonly string[],
): Readonly<Record<string, readonly string[]>> {
  const known = Object.entries(answersOf(subject));
  return Object.fromEntries(known.filter(([choice]) => options.includes(choice)));
}

function isSaid(choice: string, said: string): boolean {
  const rest = said.slice(choice.length);
  return said.slice(0, choice.length).toLowerCase() === choice && /^([\s:,]|$)/.test(rest);
}

function fromPayload(
  choices: Readonly<Record<string, readonly string[]>>,
  { choice, ...amounts }: JsonObject,
): Chosen | null {
  const allowed = typeof choice === 'string' ? choices[choice] : undefined;
  if (typeof choice !== 'string' || allowed === undefined) return null;
  const isRight = Object.entries(amounts).every(
    ([name, value]) => allowed.includes(name) && typeof value === 'number' && isAmount(name, value),
  );
  return isRight ? { choice, amounts: amounts as Record<string, number> } : null;
}

/** `600`, `wall_sec=600`, `wall_sec 600` */
function fromWords(
  choice: string,
  allowed: readonly string[],
  first: string | undefined,
  rest: string,
): Chosen | null {
  const words = rest.split(/[\s:,=]+/).filter((word) => word !== '');
  const amounts: Record<string, number> = {};
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const isName = allowed.includes(word);
    const name = isName ? word : first;
    const value = Number(isName ? words.shift() : word);
    if (name === undefined || !isAmount(name, value)) return null;
    if (Object.hasOwn(amounts, name)) return null;
    amounts[name] = value;
  }
  return { choice, amounts };
}

/** Tokens, attempts and iterations are counted. */
export function isAmount(name: string, value: number): boolean {
  if (!Number.isFinite(value) || value <= 0) return false;
  return !wholeAmounts.includes(name) || Number.isSafeInteger(value);
}

/** What an instance waits for that has open questions. */
export function reasonToWait(
  { interrupts }: RunState,
  { blocking_interrupts }: Instance,
): WaitingReason {
  const isBudget = (id: string): boolean => interrupts.get(id)?.interrupt.subject === 'budget';
  return blocking_interrupts.some(isBudget) ? 'budget' : 'interrupts_pending';
}

/** The id of what the run itself asks about that; null: it does not ask. */
export function openRunQuestion(state: RunState, subject: Subject): string | null {
  for (const id of state.runQuestions) {
    if (state.interrupts.get(id)?.interrupt.subject === subject) return id;
  }
  return null;
}

/** The id of what the run itself asks about `key`, of that subject; null: it does not ask. */
export function openQuestionAbout(state: RunState, subject: Subject, key: string): string | null {
  const id = questionId(state.runId, { subject, key });
  return state.runQuestions.has(id) ? id : null;
}
