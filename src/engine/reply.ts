/**
 * A reply is made here and checked here, whoever answers: a person on the command line or the page, an
 * assistant, or a file that somebody left in the inbox.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { isJsonObject, stringifyJson, type Json } from '../model/json.ts';
import type { Confidence } from '../model/program.ts';
import { replySchemaOf, type Subject } from '../model/questions.ts';
import { Refusal } from '../model/refusal.ts';
import type { Interrupt, Reply } from '../model/run.ts';
import { MESSAGE_LIMITS, parseForeignJson } from '../disk/foreign-json.ts';
import type { SchemaFiles } from '../schema/bundle.ts';
import type { SchemaProblem } from '../schema/json-schema.ts';
import type { RunPaths } from '../store/layout.ts';

/** What somebody says to a question. */
export interface Answer {
  text: string;
  replyKind: 'answer' | 'handoff_to_human';
  /** null: none. */
  payload: Json;
  rationale: string | null;
  confidence: Confidence | null;
  citations: readonly string[];
}

/** `now`: ISO 8601, UTC. */
export function replyOf(interrupt: Interrupt, answer: Answer, now: string): Reply {
  return {
    interrupt_id: interrupt.interrupt_id,
    audience: interrupt.audience,
    reply_kind: answer.replyKind,
    text: answer.text,
    payload: answer.payload ?? {},
    rationale: answer.rationale,
    confidence: answer.confidence,
    citations: [...answer.citations],
    created_at: now,
  };
}

export interface ReplyProblem {
  code: 'text-missing' | 'answer-too-large' | 'answer-too-deep' | 'payload-invalid';
  /** A sentence that says all. */
  message: string;
  /** Field by field, where the payload does not fit its schema; otherwise empty. */
  payload: SchemaProblem[];
}

/**
 * Why the reply could never be received, or null. Whether it may be given, in the run as it stands, is
 * for the core to say.
 */
export async function checkReply(
  paths: RunPaths,
  interrupt: Interrupt,
  reply: Reply,
): Promise<ReplyProblem | null> {
  if (reply.text.trim() === '') return problem('text-missing', 'the answer is empty');
  // An engine would leave it lying in the inbox, and nobody would hear of it.
  const bytes = Buffer.from(stringifyJson(reply, 2));
  const { maxBytes, maxDepth } = MESSAGE_LIMITS;
  if (bytes.length > maxBytes) {
    const message = `the answer has ${bytes.length} bytes; at most ${maxBytes} are taken`;
    return problem('answer-too-large', message);
  }
  const readable = parseForeignJson(bytes, maxDepth);
  if (!readable.ok) return problem('answer-too-deep', `the answer: ${readable.reason}`);
  return checkPayload(paths, interrupt, reply);
}

/**
 * Reply schemas that a comparison with had no end, by their SHA-256: a question's form asks again with every
 * letter, and each time would hold up all others.
 */
const endless = new Set<string>();
const MOST_ENDLESS = 1000;

/** The part of `checkReply` that remains for a reply that was read from a file. */
export async function checkPayload(
  paths: RunPaths,
  interrupt: Interrupt,
  reply: Pick<Reply, 'reply_kind' | 'payload'>,
): Promise<ReplyProblem | null> {
  if (interrupt.reply_schema === null || reply.reply_kind !== 'answer') return null;
  // Of the engine's own, the words alone count, too.
  if (interrupt.subject !== undefined && isEmpty(reply.payload)) return null;
  const { loadSchema, describeProblems } = await import('../schema/json-schema.ts');
  try {
    const { root, from } = schemaPlace(paths, interrupt.reply_schema, interrupt.subject);
    const schema = await loadSchema(root, interrupt.reply_schema, from);
    if (endless.has(schema.sha256)) {
      const message = `the payload cannot be compared with ${interrupt.reply_schema}: that has no end`;
      return problem('payload-invalid', message, [{ pointer: '', message }]);
    }
    const checked = schema.check(reply.payload);
    if (checked.ok) return null;
    if (checked.isEndless === true && endless.size < MOST_ENDLESS) endless.add(schema.sha256);
    const { problems } = checked;
    const message = `the payload does not fit ${interrupt.reply_schema}: ${describeProblems(problems)}`;
    return problem('payload-invalid', message, problems);
  } catch (error) {
    if (error instanceof Refusal) return problem('payload-invalid', error.message);
    throw error;
  }
}

/** Where a question's reply schema is read: of the engine's own no file has it. */
export interface SchemaPlace {
  root: string;
  from?: SchemaFiles;
}

/** `schema`, `subject`: of the question. A file is looked up in the run's frozen copy first. */
export function schemaPlace(paths: RunPaths, schema: string, subject?: Subject): SchemaPlace {
  if (subject !== undefined) {
    const text = JSON.stringify(replySchemaOf(subject));
    return { root: paths.programDir, from: { read: () => ({ ok: true, text }) } };
  }
  const frozen = statSync(path.join(paths.programDir, schema), { throwIfNoEntry: false });
  return { root: frozen ? paths.programDir : paths.authoredDir };
}

function isEmpty(payload: Json): boolean {
  return payload === null || (isJsonObject(payload) && Object.keys(payload).length === 0);
}

function problem(
  code: ReplyProblem['code'],
  message: string,
  payload: SchemaProblem[] = [],
): ReplyProblem {
  return { code, message, payload };
}
