/**
 * A text field for code: CodeMirror, with the colours of the page. Loaded where somebody edits: see `lazy-editor.tsx`.
 */
import { useEffect, useRef } from 'react';
import { Annotation, EditorState, Transaction, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import type { Diagnostic } from '../../../model/diagnostic.ts';
import { completion, type Complete } from './completion.ts';
import { bindings, abilities } from './extensions.ts';
import { markdown, yaml } from './languages.ts';
import { problemMarks, showProblems } from './problem-marks.ts';
import { look } from './look.ts';

export type Language = 'yaml' | 'markdown' | 'plain';

/** What the page does with an editor from outside. */
export interface EditorHandle {
  undo: () => void;
  redo: () => void;
  find: () => void;
  /** Line and column from 1. */
  goTo: (line: number, column: number | null) => void;
}

export interface CodeEditorProps {
  label: string;
  language: Language;
  /** With `\n` alone. */
  value: string;
  onChange: (value: string) => void;
  /** Of this file. */
  diagnostics: readonly Diagnostic[];
  complete?: Complete | undefined;
  onReady: (handle: EditorHandle | null) => void;
}

const languages: Record<Language, () => Extension> = {
  yaml: () => yaml,
  markdown: () => [markdown, EditorView.lineWrapping],
  plain: () => EditorView.lineWrapping,
};

/** Of a change that nobody has typed. */
const fromOutside = Annotation.define<true>();

export function CodeEditor(props: CodeEditorProps) {
  const { label, language, value, diagnostics } = props;
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const made = new EditorView({
      parent: place.current ?? document.body,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          // Whatever else ends a line elsewhere is part of the text, and stays.
          EditorState.lineSeparator.of('\n'),
          EditorView.clipboardInputFilter.of((text) => text.replaceAll('\r\n', '\n')),
          EditorView.cspNonce.of(styleNonce()),
          // It takes the focus anyway: this says so to those who look at names and roles.
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
          EditorView.updateListener.of((update) => {
            const isOurs = update.transactions.some((each) => each.annotation(fromOutside));
            if (update.docChanged && !isOurs) latest.current.onChange(update.state.doc.toString());
          }),
          abilities(),
          problemMarks(),
          languages[language](),
          completion(async (given) => (await latest.current.complete?.(given)) ?? null),
          look,
        ],
      }),
    });
    view.current = made;
    latest.current.onReady(bindings(made));
    return () => {
      latest.current.onReady(null);
      made.destroy();
      view.current = null;
    };
  }, [label, language]);
  useEffect(() => {
    if (view.current) setText(view.current, value);
  }, [value]);
  useEffect(() => {
    if (view.current) showProblems(view.current, diagnostics);
  }, [diagnostics]);
  return <div ref={place} className="code" />;
}

/** Changes what differs, so that the cursor and what can be undone stay. */
function setText(view: EditorView, text: string): void {
  const old = view.state.doc.toString();
  if (old === text) return;
  let from = 0;
  while (from < Math.min(old.length, text.length) && old[from] === text[from]) from += 1;
  let tail = 0;
  const most = Math.min(old.length, text.length) - from;
  while (tail < most && old[old.length - 1 - tail] === text[text.length - 1 - tail]) tail += 1;
  const insert = text.slice(from, text.length - tail);
  view.dispatch({
    changes: { from, to: old.length - tail, insert },
    annotations: [fromOutside.of(true), Transaction.addToHistory.of(false)],
  });
}

/** By which the policy of the page knows the editor's style sheet. */
function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? '';
}
