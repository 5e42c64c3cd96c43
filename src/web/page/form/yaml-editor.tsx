/** A text field for YAML with numbered lines, and the validator's messages at the lines they are about. */
import { useRef } from 'react';
import type { Diagnostic } from '../../../model/diagnostic.ts';
import { diagnosticTone } from '../parts/failure.tsx';
import './yaml-editor.css';

interface YamlEditorProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** Of this file. */
  diagnostics: Diagnostic[];
}

const shortest = 12;

export function YamlEditor({ label, value, onChange, diagnostics }: YamlEditorProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const lines = value.split('\n');
  const byLine = new Map<number, Diagnostic[]>();
  for (const each of diagnostics) {
    if (each.line === null) continue;
    byLine.set(each.line, [...(byLine.get(each.line) ?? []), each]);
  }
  const goTo = (line: number): void => {
    const at = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    field.current?.focus();
    field.current?.setSelectionRange(at, at + (lines[line - 1]?.length ?? 0));
  };
  const rows = Math.max(shortest, lines.length + 1);
  return (
    <div className="yaml">
      <div className="yaml-lines" aria-hidden="true">
        {lines.map((_, index) => (
          <span key={index} className={lineClass(byLine.get(index + 1))}>
            {index + 1}
          </span>
        ))}
      </div>
      <div className="yaml-text">
        <Marks lines={lines} byLine={byLine} />
        <textarea
          ref={field}
          className="mono"
          aria-label={label}
          aria-invalid={diagnostics.some(({ severity }) => severity === 'error')}
          spellCheck={false}
          autoCapitalize="off"
          wrap="off"
          rows={rows}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={(event) => {
            // A tab is never right in YAML; Escape then Tab leaves the field.
            if (
              event.key !== 'Tab' ||
              event.shiftKey ||
              event.currentTarget.dataset.leave === 'yes'
            )
              return;
            event.preventDefault();
            document.execCommand('insertText', false, '  ');
          }}
          onKeyUp={(event) => {
            event.currentTarget.dataset.leave = event.key === 'Escape' ? 'yes' : 'no';
          }}
        />
      </div>
      {diagnostics.length > 0 && <Messages diagnostics={diagnostics} onGoTo={goTo} />}
    </div>
  );
}

/** The message of each line, behind it. */
function Marks(props: { lines: string[]; byLine: ReadonlyMap<number, Diagnostic[]> }) {
  const { lines, byLine } = props;
  return (
    <div className="yaml-marks" aria-hidden="true">
      {lines.map((line, index) => {
        const found = byLine.get(index + 1);
        return (
          <div key={index} className={lineClass(found)}>
            <span className="yaml-ghost">{line || ' '}</span>
            {found && (
              <span className="yaml-message">
                {found[0]?.message}
                {found.length > 1 && ` (and ${found.length - 1} more)`}
              </span>
            )}
          </div>
        );
      })}
    </div>
  );
}

function Messages(props: { diagnostics: Diagnostic[]; onGoTo: (line: number) => void }) {
  const { diagnostics, onGoTo } = props;
  return (
    <ul className="yaml-list" aria-label="Problems">
      {diagnostics.map((each, index) => (
        <li key={index} className={diagnosticTone(each)}>
          {each.line === null ? (
            <span>{each.severity}</span>
          ) : (
            <button type="button" className="link" onClick={() => onGoTo(each.line ?? 1)}>
              Line {each.line}
            </button>
          )}
          <span className="yaml-said">
            {each.message}
            {each.hint && <span className="faint"> {each.hint}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function lineClass(found: Diagnostic[] | undefined): string {
  if (!found) return '';
  if (found.some(({ severity }) => severity === 'error')) return 'bad';
  return found.some(({ severity }) => severity === 'warning') ? 'warned' : '';
}
