/** An edit of a file: what is written, what it began with, what the server says of it, and saving it. */
import { useRef, useState } from 'react';
import type { AuthoredTextView } from '../../api/text.ts';
import { filePath, sendJson, type ApiFailure } from '../data/api.ts';
import { useFailure } from '../data/failure.ts';
import { invalidate, remember } from '../data/resource.ts';
import { keepUnsaved, unsavedOf } from './unsaved.ts';
import { useCheck, type Checked } from './use-check.ts';

export interface TextEdit {
  text: string;
  write: (text: string) => void;
  changed: boolean;
  /** There is no such file yet. */
  isNew: boolean;
  /** The edit was not saved when the page was left, and is back. */
  isBack: boolean;
  /** The file has changed since the edit began. */
  outdated: boolean;
  check: Checked | null;
  saved: boolean;
  busy: boolean;
  failure: ApiFailure | null;
  save: () => Promise<void>;
  /** Begins again with what is there. */
  begin: () => void;
}

interface Begun {
  hash: string | null;
  text: string;
}

/** An editor knows one kind of line break. The server gives each line its own again. */
function begunWith({ hash, text }: Begun): Begun {
  return { hash, text: text.replaceAll('\r\n', '\n') };
}

export function useTextEdit(view: AuthoredTextView): TextEdit {
  const { file } = view;
  const address = filePath('/api/program/texts', file);
  const [kept] = useState(() => unsavedOf(file));
  const [begun, setBegun] = useState<Begun>(() => kept?.begun ?? begunWith(view));
  const [text, setText] = useState(kept?.text ?? begun.text);
  const typed = useRef(text);
  const { failure, setFailure, busy, attempt } = useFailure();
  const [saved, setSaved] = useState(false);
  const changed = text !== begun.text;
  const hold = (next: string, from: Begun): void => {
    typed.current = next;
    setText(next);
    keepUnsaved(file, next === from.text ? null : { text: next, begun: from });
  };
  const begin = (): void => {
    const there = begunWith(view);
    setBegun(there);
    hold(there.text, there);
    setFailure(null);
  };
  const outdated = !busy && view.hash !== begun.hash;
  // Who has changed nothing has nothing to lose.
  if (outdated && !changed) {
    const there = begunWith(view);
    setBegun(there);
    setText(there.text);
    typed.current = there.text;
  }
  return {
    text,
    write(next) {
      hold(next, begun);
      setSaved(false);
      setFailure(null);
    },
    changed,
    isNew: begun.hash === null,
    isBack: changed && text === kept?.text,
    outdated: outdated && changed,
    check: useCheck(file, changed ? text : null, setFailure),
    saved: saved && !changed,
    busy,
    failure,
    async save() {
      // A second one would begin with what the first has replaced, and be refused.
      if (busy) return;
      await attempt(async () => {
        const body = { text, base_hash: begun.hash };
        const next = await sendJson<AuthoredTextView>('PUT', address, body);
        remember(address, next);
        invalidate('/api/program');
        const there = begunWith(next);
        setBegun(there);
        // What was typed meanwhile stays.
        hold(typed.current === text ? there.text : typed.current, there);
        setSaved(true);
      });
    },
    begin,
  };
}
