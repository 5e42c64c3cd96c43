/** The inputs of a run: the program's defaults, and what this run shall see instead. */
import { useState } from 'react';
import type { InputView } from '../../../api/program.ts';
import type { StartPreview } from '../../../api/start.ts';
import { parseJson, stringifyJson, type Json, type JsonObject } from '../../../../model/json.ts';
import { Empty, Panel } from '../../parts/pieces.tsx';

interface StartInputsProps {
  inputs: InputView[];
  given: JsonObject;
  onChange: (given: JsonObject) => void;
  /** Keys whose text is no JSON. */
  onBad: (keys: ReadonlySet<string>) => void;
  preview: StartPreview | null;
}

export function StartInputs({ inputs, given, onChange, onBad, preview }: StartInputsProps) {
  const [bad, setBad] = useState<ReadonlySet<string>>(new Set());
  const mark = (key: string, wrong: boolean): void => {
    const next = new Set(bad);
    if (wrong) next.add(key);
    else next.delete(key);
    setBad(next);
    onBad(next);
  };
  const set = (key: string, value: Json | undefined): void => {
    const next = { ...given };
    if (value === undefined) delete next[key];
    else next[key] = value;
    onChange(next);
  };
  const planned = preview && new Set(preview.tasks.map(({ task_id: id }) => id));
  return (
    <Panel title="Inputs" label="Inputs">
      {inputs.length === 0 ? (
        <Empty title="This program takes no inputs" />
      ) : (
        <div className="panel-body stack">
          {inputs.map((input) => (
            <Input
              key={input.key}
              input={input}
              first={given[input.key]}
              used={
                planned === null ||
                input.used_by.length === 0 ||
                input.used_by.some((id) => planned.has(id))
              }
              onChange={(value) => set(input.key, value)}
              onBad={(wrong) => mark(input.key, wrong)}
            />
          ))}
        </div>
      )}
    </Panel>
  );
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : stringifyJson(value, 2);
}

function parsed(text: string): { value: Json } | { problem: string } {
  try {
    return { value: parseJson(text) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'This is not JSON' };
  }
}

interface InputProps {
  input: InputView;
  /** What it begins with instead of the default, as in the run that this one is like. */
  first: Json | undefined;
  used: boolean;
  onChange: (value: Json | undefined) => void;
  onBad: (wrong: boolean) => void;
}

function Input({ input, first, used, onChange, onBad }: InputProps) {
  const { key, file, default_value: value, problem } = input;
  const [type, setType] = useState(
    first === undefined || typeof first === 'string' ? input.type : 'json',
  );
  const [text, setText] = useState<string | null>(first === undefined ? null : textOf(first));
  const [wrong, setWrong] = useState<string | null>(null);
  const hasDefault = file !== null;
  const shown = text ?? (hasDefault && problem === null ? textOf(value) : '');
  const take = (next: string | null, as: 'string' | 'json'): void => {
    setText(next);
    const given = next === null || (next === '' && !hasDefault) ? undefined : next;
    const read = given === undefined || as === 'string' ? { value: given } : parsed(given);
    setWrong('problem' in read ? read.problem : null);
    onBad('problem' in read);
    if (!('problem' in read)) onChange(read.value);
  };
  const id = `input-${key}`;
  return (
    <div className="field">
      <div className="row between">
        <label htmlFor={id} className="label">
          <span className="mono">{key}</span>
        </label>
        <span className="row">
          {text !== null && hasDefault && (
            <button type="button" className="link" onClick={() => take(null, type)}>
              Back to the default
            </button>
          )}
          <select
            className="input-type"
            aria-label={`Type of ${key}`}
            value={type}
            onChange={(event) => {
              const next = event.target.value as 'string' | 'json';
              setType(next);
              if (text !== null) take(text, next);
            }}
          >
            <option value="string">text</option>
            <option value="json">JSON</option>
          </select>
        </span>
      </div>
      <textarea
        id={id}
        className={type === 'json' ? 'mono' : ''}
        rows={Math.min(8, Math.max(1, shown.split('\n').length))}
        value={shown}
        placeholder={hasDefault ? '' : 'No default: give it here, or a loop does'}
        aria-invalid={wrong !== null}
        spellCheck={type === 'string'}
        onChange={(event) => take(event.target.value, type)}
      />
      <p className="field-note">
        {wrong ? (
          <span className="tone-bad">{wrong}</span>
        ) : (
          <>
            {text === null
              ? hasDefault
                ? `Default, from ${file}`
                : 'Not given'
              : 'For this run only'}
            {!used && ' · not used by what would run'}
          </>
        )}
        {problem && <span className="tone-wait"> {problem}</span>}
      </p>
    </div>
  );
}
