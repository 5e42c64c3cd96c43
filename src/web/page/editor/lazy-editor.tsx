/** The code editor where somebody edits, read once it is needed; with buttons for those without keys, and the list of problems. */
import { lazy, Suspense, useCallback, useState } from 'react';
import type { Diagnostic } from '../../../model/diagnostic.ts';
import { diagnosticTone } from '../parts/failure.tsx';
import { Pending } from '../parts/pieces.tsx';
import type { CodeEditorProps, EditorHandle, Language } from './code-editor.tsx';
import './editor.css';

const CodeEditor = lazy(async () => ({ default: (await import('./code-editor.tsx')).CodeEditor }));

export function languageOf(file: string): Language {
  if (/\.(ya?ml|json)$/i.test(file)) return 'yaml';
  return /\.(md|markdown)$/i.test(file) ? 'markdown' : 'plain';
}

export function Editor(props: Omit<CodeEditorProps, 'onReady'>) {
  const { diagnostics } = props;
  const [handle, setHandle] = useState<EditorHandle | null>(null);
  const ready = useCallback((next: EditorHandle | null) => setHandle(next), []);
  return (
    <div className="editor">
      <div className="editor-tools">
        <button type="button" className="quiet" disabled={!handle} onClick={() => handle?.undo()}>
          Undo
        </button>
        <button type="button" className="quiet" disabled={!handle} onClick={() => handle?.redo()}>
          Redo
        </button>
        <button type="button" className="quiet" disabled={!handle} onClick={() => handle?.find()}>
          Find
        </button>
        <span className="grow" />
        <span className="faint editor-keys">
          {props.complete && (
            <>
              <kbd>Ctrl</kbd> <kbd>Space</kbd> offers what may stand here ·{' '}
            </>
          )}
          <kbd>Esc</kbd> <kbd>Tab</kbd> leaves the editor
        </span>
      </div>
      <Suspense fallback={<Pending rows={8} />}>
        <CodeEditor {...props} onReady={ready} />
      </Suspense>
      {diagnostics.length > 0 && (
        <Problems
          diagnostics={diagnostics}
          onGoTo={({ line, column }) => handle?.goTo(line ?? 1, column)}
        />
      )}
    </div>
  );
}

function Problems(props: {
  diagnostics: readonly Diagnostic[];
  onGoTo: (problem: Diagnostic) => void;
}) {
  const { diagnostics, onGoTo } = props;
  return (
    <ul className="editor-problems" aria-label="Problems">
      {diagnostics.map((each, index) => (
        <li key={index} className={diagnosticTone(each)}>
          {each.line === null ? (
            <span>{each.severity}</span>
          ) : (
            <button type="button" className="link" onClick={() => onGoTo(each)}>
              Line {each.line}
              {each.column !== null && `, column ${each.column}`}
            </button>
          )}
          <span className="editor-said">
            {each.message}
            {each.hint && <span className="faint"> {each.hint}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
