/** The controls of a form that hold one value each: choices, text, numbers, JSON. */
import { useState } from 'react';
import { parseJson, stringifyJson, type Json } from '../../../model/json.ts';
import { Icon } from '../parts/icons.tsx';
import type { Draft, Field } from './schema.ts';

/** What a control has in common with its label and its problems. */
export interface Labelled {
  id: string;
  'aria-invalid': boolean;
  'aria-describedby': string | undefined;
  onBlur: () => void;
}

interface ControlProps<K extends Field['kind']> {
  field: Extract<Field, { kind: K }>;
  common: Labelled;
  value: Draft;
  onChange: (value: Draft) => void;
  required: boolean;
}

/** Choices up to this many all show at once. */
export const radioAtMost = 5;

export function ChoiceControl(props: ControlProps<'choice'>) {
  const { field, common, value, onChange, required } = props;
  if (field.options.length <= radioAtMost) {
    return (
      <Radios
        name={common.id}
        options={field.options.map((option) => ({ value: option, text: optionText(option) }))}
        value={value}
        onChange={onChange}
        required={required}
      />
    );
  }
  return (
    <select
      {...common}
      value={field.options.findIndex((option) => same(value, option))}
      onChange={(event) => onChange(field.options[Number(event.target.value)])}
    >
      <option value={-1}>{required ? 'Choose…' : '–'}</option>
      {field.options.map((option, index) => (
        <option key={index} value={index}>
          {optionText(option)}
        </option>
      ))}
    </select>
  );
}

const yesAndNo = [
  { value: true, text: 'Yes' },
  { value: false, text: 'No' },
];

export function BooleanControl({ common, ...props }: ControlProps<'boolean'>) {
  return <Radios {...props} name={common.id} options={yesAndNo} across />;
}

function Radios(props: {
  name: string;
  options: { value: Json; text: string }[];
  value: Draft;
  onChange: (value: Draft) => void;
  required: boolean;
  across?: boolean;
}) {
  const { name, options, value, onChange, required, across = false } = props;
  return (
    <div className={across ? 'choices across' : 'choices'}>
      {options.map((option) => (
        <label key={stringifyJson(option.value)} className="choice">
          <input
            type="radio"
            name={name}
            checked={same(value, option.value)}
            onChange={() => onChange(option.value)}
          />
          <span>{option.text}</span>
        </label>
      ))}
      {!required && value !== undefined && (
        <button type="button" className="link" onClick={() => onChange(undefined)}>
          Clear
        </button>
      )}
    </div>
  );
}

export function ManyControl({ field, value, onChange }: ControlProps<'many'>) {
  const chosen = Array.isArray(value) ? value : [];
  const isChosen = (option: Json): boolean => chosen.some((each) => same(each, option));
  return (
    <div className="choices">
      {field.options.map((option) => (
        <label key={stringifyJson(option)} className="choice">
          <input
            type="checkbox"
            checked={isChosen(option)}
            onChange={({ target: { checked } }) =>
              onChange(
                field.options.filter((each) => (same(each, option) ? checked : isChosen(each))),
              )
            }
          />
          <span>{optionText(option)}</span>
        </label>
      ))}
    </div>
  );
}

const inputTypes: Record<string, string> = {
  date: 'date',
  email: 'email',
  uri: 'url',
  time: 'time',
};

/** `keepsEmpty`: an empty text that is required is a value, not the lack of one. */
export function TextControl(props: ControlProps<'text'> & { keepsEmpty: boolean }) {
  const { field, common, value, onChange, required, keepsEmpty } = props;
  const text = typeof value === 'string' ? value : '';
  const change = (next: string): void =>
    onChange(next === '' && !(keepsEmpty && required) ? undefined : next);
  const list = field.suggestions.length > 0 ? `${common.id}-known` : undefined;
  // A field of one line would drop line breaks.
  return field.long || text.includes('\n') ? (
    <textarea
      {...common}
      rows={Math.min(16, Math.max(2, text.split('\n').length))}
      value={text}
      onChange={(event) => change(event.target.value)}
    />
  ) : (
    <>
      <input
        {...common}
        list={list}
        type={inputTypes[field.format ?? ''] ?? 'text'}
        value={text}
        onChange={(event) => change(event.target.value)}
      />
      {list !== undefined && (
        <datalist id={list}>
          {field.suggestions.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </>
  );
}

export function NumberControl({ field, common, value, onChange }: ControlProps<'number'>) {
  const [text, setText] = useState(typeof value === 'number' ? String(value) : '');
  return (
    <input
      {...common}
      type="number"
      inputMode={field.integer ? 'numeric' : 'decimal'}
      step={field.integer ? 1 : 'any'}
      min={field.minimum ?? undefined}
      max={field.maximum ?? undefined}
      value={text}
      onChange={(event) => {
        setText(event.target.value);
        const number = event.target.valueAsNumber;
        onChange(Number.isFinite(number) ? number : undefined);
      }}
    />
  );
}

export function Constant({ value }: { value: Json }) {
  return <code>{optionText(value)}</code>;
}

function same(a: Draft, b: Json): boolean {
  return a === b || stringifyJson(a) === stringifyJson(b);
}

function optionText(option: Json): string {
  return typeof option === 'string' ? option : stringifyJson(option);
}

export function JsonInput(props: {
  common: Partial<Labelled>;
  value: Draft;
  onChange: (value: Draft) => void;
}) {
  const { common, value, onChange } = props;
  const [text, setText] = useState(value === undefined ? '' : stringifyJson(value, 2));
  const [problem, setProblem] = useState<string | null>(null);
  return (
    <>
      <textarea
        {...common}
        className="mono"
        rows={Math.min(16, Math.max(3, text.split('\n').length + 1))}
        spellCheck={false}
        placeholder="JSON"
        value={text}
        aria-invalid={problem !== null || common['aria-invalid']}
        onChange={(event) => {
          setText(event.target.value);
          try {
            onChange(event.target.value.trim() === '' ? undefined : parseJson(event.target.value));
            setProblem(null);
          } catch (error) {
            setProblem(error instanceof Error ? error.message : 'This is not JSON');
          }
        }}
      />
      {problem && (
        <p className="field-error">
          <Icon name="error" size={14} /> {problem}
        </p>
      )}
    </>
  );
}
