/** The answer to a question: options, a form, words; and what the worker will get of it, before it is sent. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { PayloadProblem } from '../../../api/error.ts';
import type { QuestionView, ReplyBody, ReplyPreview } from '../../../api/question.ts';
import { isJsonObject } from '../../../../model/json.ts';
import { ApiFailure, sendJson } from '../../data/api.ts';
import { invalidate } from '../../data/resource.ts';
import { SchemaForm, JsonInput } from '../../form/schema-form.tsx';
import { firstValue, fieldOf, withOption, type Draft } from '../../form/schema.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Markdown } from '../../parts/markdown.tsx';

const previewDelayMs = 250;

interface Stored {
  text: string;
  payload: Draft;
  rationale: string;
}

/** What was begun survives a reload. */
function useDraft(
  id: string,
  first: Stored,
): [Stored, (next: Partial<Stored>) => void, () => void] {
  const key = `codex-orch.draft.${id}`;
  const [draft, setDraft] = useState<Stored>(() => {
    try {
      return { ...first, ...(JSON.parse(sessionStorage.getItem(key) ?? '{}') as Partial<Stored>) };
    } catch {
      return first;
    }
  });
  const change = (next: Partial<Stored>): void => {
    const changed = { ...draft, ...next };
    setDraft(changed);
    try {
      sessionStorage.setItem(key, JSON.stringify(changed));
    } catch {
      // A draft that is too long to be kept is still in the form.
    }
  };
  const forget = (): void => {
    try {
      sessionStorage.removeItem(key);
    } catch {
      // Then it was not kept either.
    }
  };
  return [draft, change, forget];
}

/** Words for those who answer by the form alone. */
function wordsOf(payload: Draft): string {
  if (payload === undefined) return '';
  if (!isJsonObject(payload))
    return typeof payload === 'string' ? payload : JSON.stringify(payload);
  return Object.entries(payload)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n');
}

export function AnswerForm({ view, address }: { view: QuestionView; address: string }) {
  const { interrupt, reply_schema: schema, run } = view;
  const hasForm = schema !== null;
  const [draft, change, forget] = useDraft(interrupt.interrupt_id, {
    text: '',
    payload: hasForm ? firstValue(schema, schema) : undefined,
    rationale: '',
  });
  const [preview, setPreview] = useState<ReplyPreview | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [asJson, setAsJson] = useState(false);
  const [formKey, setFormKey] = useState(0);
  const text = draft.text.trim() === '' ? wordsOf(draft.payload) : draft.text;
  const body: ReplyBody = useMemo(
    () => ({
      text,
      ...(draft.payload === undefined ? {} : { payload: draft.payload }),
      ...(draft.rationale.trim() === '' ? {} : { rationale: draft.rationale }),
    }),
    [text, draft.payload, draft.rationale],
  );
  const empty = text.trim() === '';

  const latest = useRef(0);
  const look = useCallback(async (): Promise<ReplyPreview | null> => {
    latest.current += 1;
    const mine = latest.current;
    try {
      const seen = await sendJson<ReplyPreview>('POST', `${address}/preview`, body);
      if (mine === latest.current) setPreview(seen);
      return seen;
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (error.status !== 0 && mine === latest.current) setPreview(null);
      return null;
    }
  }, [address, body]);
  useEffect(() => {
    if (empty) return setPreview(null);
    const timer = setTimeout(() => void look(), previewDelayMs);
    return () => clearTimeout(timer);
  }, [look, empty]);

  const problems = useMemo(
    () => byField(failure?.body.problems ?? preview?.problems ?? []),
    [failure, preview],
  );
  const others = view.also_open.length;
  const holds = interrupt.blocking && others === 0;
  const send = async (resume: boolean): Promise<void> => {
    setTried(true);
    setFailure(null);
    if (empty) return;
    setBusy(true);
    try {
      await sendJson('POST', `${address}/reply`, { ...body, resume });
      forget();
      invalidate(address, '/api/inbox', '/api/overview');
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      setFailure(error);
      // Someone else may have been first.
      if (error.status === 409) invalidate(address);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="panel answer"
      aria-label="Your answer"
      onSubmit={(event) => {
        event.preventDefault();
        void send(holds && !run.driven);
      }}
    >
      <h2>Your answer</h2>
      <div className="panel-body stack">
        {interrupt.options.length > 0 && (
          <div className="row options" role="group" aria-label="Options">
            {interrupt.options.map((option) => (
              <button
                key={option}
                type="button"
                className={draft.text === option ? 'option on' : 'option'}
                aria-pressed={draft.text === option}
                onClick={() => {
                  change({
                    text: option,
                    ...(hasForm ? { payload: withOption(schema, draft.payload, option) } : {}),
                  });
                  if (asJson) setFormKey(formKey + 1);
                }}
              >
                {option}
              </button>
            ))}
          </div>
        )}
        {hasForm && (
          <div className="stack tight">
            {asJson ? (
              <JsonInput
                key={formKey}
                common={{ id: 'payload-json', 'aria-invalid': problems.size > 0 }}
                value={draft.payload}
                onChange={(payload) => change({ payload })}
              />
            ) : (
              <SchemaForm
                schema={schema}
                value={draft.payload}
                onChange={(payload) => change({ payload })}
                problems={problems}
                showAll={tried}
              />
            )}
            {fieldOf(schema, schema).kind !== 'json' && (
              <div className="row end">
                <button type="button" className="link" onClick={() => setAsJson(!asJson)}>
                  {asJson ? 'As a form' : 'As JSON'}
                </button>
              </div>
            )}
          </div>
        )}
        <div className="field">
          <label htmlFor="reply-text">
            {hasForm || interrupt.options.length > 0 ? 'In words' : 'Answer'}{' '}
            {hasForm && <span className="optional">optional</span>}
          </label>
          <textarea
            id="reply-text"
            rows={Math.min(14, Math.max(hasForm ? 2 : 4, draft.text.split('\n').length))}
            value={draft.text}
            placeholder={hasForm ? wordsOf(draft.payload) || 'Anything the form does not say' : ''}
            aria-invalid={tried && empty}
            onChange={(event) => change({ text: event.target.value })}
          />
          {tried && empty && (
            <p className="field-error" role="alert">
              {interrupt.options.length > 0
                ? 'Choose an option, or answer in words.'
                : 'An answer needs words, or a filled form.'}
            </p>
          )}
        </div>
        <details className="more-fields" open={draft.rationale !== ''}>
          <summary className="faint">Add a reason</summary>
          <textarea
            aria-label="Reason"
            rows={2}
            value={draft.rationale}
            onChange={(event) => change({ rationale: event.target.value })}
          />
        </details>
        <details className="preview">
          <summary>What the worker will get</summary>
          {preview ? (
            <div className="preview-body">
              {preview.problem && <p className="field-error">{preview.problem}</p>}
              <Markdown text={preview.delivered} />
            </div>
          ) : (
            <p className="faint">It appears here as you answer.</p>
          )}
        </details>
        {failure && <FailureBox failure={failure} />}
        {tried && !failure && preview && !preview.ok && problems.size > 0 && (
          <p className="field-error" role="alert">
            Something in the form does not fit yet.
          </p>
        )}
        <div className="row answer-foot">
          {holds && !run.driven ? (
            <>
              <button type="submit" className="primary" disabled={busy}>
                Answer and resume
              </button>
              <button type="button" disabled={busy} onClick={() => void send(false)}>
                Answer only
              </button>
            </>
          ) : (
            <button type="submit" className="primary" disabled={busy}>
              Answer
            </button>
          )}
          <span className="faint">
            {others > 0
              ? `${others} other question${others === 1 ? '' : 's'} of this instance stay open.`
              : run.driven
                ? 'The run is at work, and goes on with it.'
                : interrupt.blocking
                  ? 'An answer is final.'
                  : 'The run does not wait for this.'}
          </span>
        </div>
      </div>
    </form>
  );
}

function byField(problems: PayloadProblem[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { pointer, message } of problems) {
    const said = message === 'is missing' ? 'This is needed' : message;
    found.set(pointer, [...(found.get(pointer) ?? []), said]);
  }
  return found;
}
