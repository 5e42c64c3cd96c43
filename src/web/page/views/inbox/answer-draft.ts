/** An answer while it is written: kept over a reload, looked at by the server as it changes, and sent. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { parseJson, stringifyJson, isJsonObject } from '../../../../model/json.ts';
import type { PayloadProblem } from '../../../api/error.ts';
import type { QuestionView, ReplyBody, ReplyPreview } from '../../../api/question.ts';
import { ApiFailure, sendJson } from '../../data/api.ts';
import { invalidate } from '../../data/resource.ts';
import { chosenOption, firstValue, formable, type Draft } from '../../form/schema.ts';

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
      return { ...first, ...(parseJson(sessionStorage.getItem(key) ?? '{}') as Partial<Stored>) };
    } catch {
      return first;
    }
  });
  const change = (next: Partial<Stored>): void => {
    const changed = { ...draft, ...next };
    setDraft(changed);
    try {
      sessionStorage.setItem(key, stringifyJson(changed));
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
export function wordsOf(payload: Draft): string {
  if (payload === undefined) return '';
  if (!isJsonObject(payload)) return typeof payload === 'string' ? payload : stringifyJson(payload);
  return Object.entries(payload)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : stringifyJson(value)}`)
    .join('\n');
}

/** What the worker would get, asked for when the answer rests. */
function usePreview(address: string, body: ReplyBody, empty: boolean): ReplyPreview | null {
  const [preview, setPreview] = useState<ReplyPreview | null>(null);
  const latest = useRef(0);
  useEffect(() => {
    if (empty) return setPreview(null);
    const look = async (): Promise<void> => {
      latest.current += 1;
      const mine = latest.current;
      try {
        const seen = await sendJson<ReplyPreview>('POST', `${address}/preview`, body);
        if (mine === latest.current) setPreview(seen);
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        if (!error.isAway && mine === latest.current) setPreview(null);
      }
    };
    const timer = setTimeout(() => void look(), previewDelayMs);
    return () => clearTimeout(timer);
  }, [address, body, empty]);
  return preview;
}

export interface AnswerDraft extends Stored {
  change: (next: Partial<Stored>) => void;
  /** Nothing is said yet, neither in words nor by the form. */
  empty: boolean;
  preview: ReplyPreview | null;
  /** What does not fit, by the pointer of the field. */
  problems: ReadonlyMap<string, string[]>;
  /** It was to be sent once. */
  tried: boolean;
  busy: boolean;
  failure: ApiFailure | null;
  send: (resume: boolean) => Promise<void>;
}

/** @param address the question's, in the API. */
export function useAnswer({ interrupt, reply_schema }: QuestionView, address: string): AnswerDraft {
  const schema = formable(reply_schema);
  const [draft, change, forget] = useDraft(interrupt.interrupt_id, {
    text: '',
    payload: schema === null ? undefined : firstValue(schema, schema),
    rationale: '',
  });
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const { payload } = draft;
  const chosen = schema === null ? null : chosenOption(schema, payload, interrupt.options);
  const said = chosen ?? wordsOf(payload);
  const text = draft.text.trim() === '' ? said : draft.text;
  const body: ReplyBody = useMemo(
    () => ({
      text,
      ...(draft.payload === undefined ? {} : { payload: draft.payload }),
      ...(draft.rationale.trim() === '' ? {} : { rationale: draft.rationale }),
    }),
    [text, draft.payload, draft.rationale],
  );
  const empty = text.trim() === '';
  const preview = usePreview(address, body, empty);
  const problems = useMemo(
    () => byField(failure?.body.problems ?? preview?.problems ?? []),
    [failure, preview],
  );
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
  return { ...draft, change, empty, preview, problems, tried, busy, failure, send };
}

function byField(problems: PayloadProblem[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { pointer, message } of problems) {
    const said = message === 'is missing' ? 'This is needed' : message;
    found.set(pointer, [...(found.get(pointer) ?? []), said]);
  }
  return found;
}
