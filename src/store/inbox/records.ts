/**
 * What inbox files may hold, section 9 of the contract. Pure: from parsed JSON to a record, or to a
 * sentence that names the field. Whether a record fits the run is for the core to say.
 */
import type { Request } from '../../core/requests/decide.ts';
import { answerMismatch } from '../../core/requests/reply.ts';
import { isAmount } from '../../core/state/questions.ts';
import { budgetKeys, wholeAmounts } from '../../model/budget.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { isMoment } from '../../model/moment.ts';
import {
  confidences,
  decisionKinds,
  idPattern,
  priorities,
  requestKinds,
  type Confidence,
} from '../../model/program.ts';
import type {
  Interrupt,
  Proposal,
  ProposalStatus,
  Reply,
  InstanceInterrupt,
} from '../../model/run.ts';
import { shown, kindOfValue } from '../../text/shown.ts';

/** A request to the engine that drives a run. */
export type InboxCommand =
  { command: 'abort' } | Exclude<Request, { command: 'ask' | 'reply' | 'abort' }>;

/** A reply as it lies in a file: its audience is the interrupt's, which the file need not know. */
export type ReplyDraft = Omit<Reply, 'audience'> & { audience: Reply['audience'] | null };

export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: string };

export const interruptIdPattern = /^int-[0-9a-f]{12}$/;

const audiences = ['assistant', 'human'] as const;
const replyKinds = ['answer', 'handoff_to_human'] as const;
const proposalStatuses = ['proposed', 'accepted', 'rejected', 'applied'] as const;

/**
 * An interrupt as it was asked; what only the engine decides (status, times) starts afresh. `asker`: whose
 * directory it lies in, which says who asks; null where the file is to say it.
 */
export function parseInterrupt(
  value: Json,
  expected: {
    interruptId: string;
    runId: string;
    modifiedAt: string;
    asker: { instanceId: string; taskId: string } | null;
  },
): Parsed<InstanceInterrupt> {
  const { asker } = expected;
  return parse(value, (fields) => {
    fields.mustBe('interrupt_id', expected.interruptId, 'the file is named after');
    fields.mustBe('run_id', expected.runId, 'the run is');
    if (asker !== null) {
      fields.mustBe('instance_id', asker.instanceId, 'the directory belongs to');
      fields.mustBe('task_id', asker.taskId, 'the task of the directory is');
    }
    return {
      interrupt_id: expected.interruptId,
      run_id: expected.runId,
      instance_id: fields.text('instance_id'),
      task_id: fields.text('task_id'),
      audience: fields.oneOf('audience', audiences),
      blocking: fields.boolean('blocking', true),
      request_kind: fields.oneOf('request_kind', requestKinds),
      question: fields.text('question'),
      decision_kind: fields.oneOfOrNull('decision_kind', decisionKinds),
      options: fields.strings('options'),
      context_artifacts: fields.strings('context_artifacts'),
      reply_schema: fields.stringOrNull('reply_schema'),
      priority: fields.oneOf('priority', priorities, 'normal'),
      requested_target_role_id: fields.idOrNull('requested_target_role_id'),
      recommended_target_role_id: fields.idOrNull('recommended_target_role_id'),
      resolved_target_role_id: fields.idOrNull('resolved_target_role_id'),
      target_resolution_reason: fields.stringOrNull('target_resolution_reason'),
      metadata: fields.object('metadata'),
      status: 'open',
      // The engine says anew when it is taken.
      created_at: fields.time('created_at', expected.modifiedAt),
      resolved_at: null,
      applied_at: null,
    };
  });
}

/** A reply; `{"text": "…"}` is enough. */
export function parseReply(
  value: Json,
  expected: { interruptId: string; modifiedAt: string },
): Parsed<ReplyDraft> {
  return parse(value, (fields) => {
    if (fields.has('interrupt_id')) {
      fields.mustBe('interrupt_id', expected.interruptId, 'the file is named after');
    }
    return {
      interrupt_id: expected.interruptId,
      audience: fields.oneOfOrNull('audience', audiences),
      reply_kind: fields.oneOf('reply_kind', replyKinds, 'answer'),
      text: fields.text('text'),
      payload: fields.json('payload', {}),
      rationale: fields.stringOrNull('rationale'),
      confidence: fields.oneOfOrNull<Confidence>('confidence', confidences),
      citations: fields.strings('citations'),
      created_at: fields.time('created_at', expected.modifiedAt),
    };
  });
}

/** Gives a reply its audience, or says why it cannot be the answer to that interrupt. */
export function addressReply(
  draft: ReplyDraft,
  interrupt: Pick<Interrupt, 'interrupt_id' | 'audience'>,
): Parsed<Reply> {
  const { audience } = interrupt;
  switch (answerMismatch(interrupt, draft)) {
    case 'wrong-audience':
      return no(`"audience" is ${draft.audience}, but the question went to: ${audience}`);
    case 'human-answers':
      return no('"reply_kind" must be "answer": the question went to a human already');
    case null:
      return { ok: true, value: { ...draft, audience } };
  }
}

export function parseCommand(value: Json): Parsed<InboxCommand> {
  return parse(value, (fields): InboxCommand => {
    const command = fields.oneOf('command', [
      'abort',
      'resume',
      'retry_instance',
      'mark_proposal',
      'record_proposals',
      'grant',
    ] as const);
    switch (command) {
      case 'abort':
      case 'resume':
        return { command };
      case 'retry_instance':
        return {
          command,
          instance_id: fields.text('instance_id'),
          granted_iterations: fields.count('granted_iterations'),
          new_session: fields.boolean('new_session', false),
          fresh_tree: fields.boolean('fresh_tree', false),
        };
      case 'grant':
        return {
          command,
          instance_id: fields.stringOrNull('instance_id'),
          ...fields.amounts([...budgetKeys, 'iterations']),
        };
      case 'mark_proposal':
        return {
          command,
          proposal_id: fields.text('proposal_id'),
          status: fields.oneOf('status', proposalStatuses),
          note: fields.stringOrNull('note'),
        };
      case 'record_proposals':
        return {
          command,
          interrupt_id: fields.text('interrupt_id'),
          proposals: fields.list('proposals', isProposal, 'proposals'),
          dropped: fields.list('dropped', isDropped, 'objects with "reason" and "proposal"'),
        };
    }
  });
}

function isProposal(value: unknown): value is Proposal {
  if (!isJsonObject(value)) return false;
  const own = value['proposal'];
  const strings = [
    'proposal_id',
    'run_id',
    'instance_id',
    'interrupt_id',
    'source_role_id',
    'requester_task_id',
    'target_file_path',
    'created_at',
    'status_updated_at',
  ];
  return (
    strings.every((key) => typeof value[key] === 'string') &&
    // It becomes the name of a file.
    /^prop-int-[0-9a-f]{12}-\d{2,6}$/.test(value['proposal_id'] as string) &&
    proposalStatuses.includes(value['status'] as ProposalStatus) &&
    isJsonObject(own) &&
    ['kind', 'summary', 'rationale', 'suggested_content_mode', 'suggested_content'].every(
      (key) => typeof own[key] === 'string',
    ) &&
    isJsonObject(own['target'])
  );
}

function isDropped(value: unknown): value is { reason: string; proposal: Json } {
  return isJsonObject(value) && typeof value['reason'] === 'string' && 'proposal' in value;
}

function parse<T>(value: Json, read: (fields: Fields) => T): Parsed<T> {
  if (!isJsonObject(value)) return no('it is not a JSON object');
  const fields = new Fields(value);
  const result = read(fields);
  return fields.problem === null ? { ok: true, value: result } : no(fields.problem);
}

function no(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}

/** Of one list in a message. */
const MOST_ITEMS = 1000;

/** Reads fields one by one and keeps the first problem. A field that is null counts as absent. */
class Fields {
  problem: string | null = null;
  readonly #values: JsonObject;

  constructor(values: JsonObject) {
    this.#values = values;
  }

  has(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  mustBe(key: string, expected: string, because: string): void {
    const value = this.#get(key);
    if (value !== expected) this.#wrong(key, `is ${shown(value)}, but ${because} "${expected}"`);
  }

  /** A string with something in it. */
  text(key: string): string {
    const value = this.#get(key);
    if (value === undefined) return this.#wrong(key, 'is missing', '');
    if (typeof value !== 'string')
      return this.#wrong(key, `must be a string, not ${kindOfValue(value)}`, '');
    return value.trim() === '' ? this.#wrong(key, 'is blank', '') : value;
  }

  stringOrNull(key: string): string | null {
    const value = this.#get(key) ?? null;
    if (value === null || typeof value === 'string') return value;
    return this.#wrong(key, `must be a string, not ${kindOfValue(value)}`, null);
  }

  /** The id of something that people author. */
  idOrNull(key: string): string | null {
    const value = this.stringOrNull(key);
    if (value === null || idPattern.test(value)) return value;
    return this.#wrong(key, `is ${shown(value)}, which is no id`, null);
  }

  strings(key: string): string[] {
    return this.list(key, (item): item is string => typeof item === 'string', 'strings');
  }

  list<T>(key: string, isItem: (item: unknown) => item is T, what: string): T[] {
    const value: unknown = this.#get(key) ?? [];
    if (Array.isArray(value) && value.length > MOST_ITEMS) {
      return this.#wrong(key, `has ${value.length} entries; at most ${MOST_ITEMS} are taken`, []);
    }
    if (Array.isArray(value) && value.every(isItem)) return value;
    return this.#wrong(key, `must be a list of ${what}`, []);
  }

  /** A whole number, not negative; 0 where it is absent. */
  count(key: string): number {
    const value = this.#get(key) ?? 0;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    return this.#wrong(key, 'must be a whole number, not negative', 0);
  }

  /** Amounts above 0, of those that are there: at least one. */
  amounts<const T extends string>(keys: readonly T[]): { [Key in T]?: number } {
    const given = keys.filter((key) => this.has(key));
    if (given.length === 0) this.#wrong(keys[0] ?? '', `is missing (${keys.join(', ')})`);
    const amounts: { [Key in T]?: number } = {};
    for (const key of given) {
      const value = this.#get(key);
      if (typeof value === 'number' && isAmount(key, value)) amounts[key] = value;
      else
        this.#wrong(key, `must be a ${wholeAmounts.includes(key) ? 'whole ' : ''}number above 0`);
    }
    return amounts;
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.#get(key) ?? fallback;
    return typeof value === 'boolean' ? value : this.#wrong(key, 'must be true or false', fallback);
  }

  object(key: string): JsonObject {
    const value = this.#get(key) ?? {};
    return isJsonObject(value) ? value : this.#wrong(key, 'must be an object', {});
  }

  json(key: string, fallback: Json): Json {
    return this.#get(key) ?? fallback;
  }

  oneOf<const T extends string>(key: string, choices: readonly T[], fallback?: NoInfer<T>): T {
    const value = this.oneOfOrNull(key, choices) ?? fallback;
    const [first] = choices as readonly [T, ...T[]];
    return value ?? this.#wrong(key, `is missing (${choices.join(', ')})`, first);
  }

  oneOfOrNull<const T extends string>(key: string, choices: readonly T[]): T | null {
    const value = this.#get(key) ?? null;
    if (value === null || choices.includes(value as T)) return value as T | null;
    return this.#wrong(key, `is ${shown(value)}; it must be one of ${choices.join(', ')}`, null);
  }

  /** ISO 8601, made UTC with milliseconds. */
  time(key: string, fallback: string): string {
    const value = this.#get(key);
    if (value === undefined) return fallback;
    const date = typeof value === 'string' ? new Date(value) : null;
    if (date && isMoment(date.getTime())) return date.toISOString();
    return this.#wrong(key, `is ${shown(value)}, which is not a time`, fallback);
  }

  #get(key: string): Json | undefined {
    return this.#values[key] ?? undefined;
  }

  #wrong(key: string, what: string): void;
  #wrong<T>(key: string, what: string, instead: T): T;
  #wrong<T>(key: string, what: string, instead?: T): T | undefined {
    this.problem ??= `"${key}" ${what}`;
    return instead;
  }
}
