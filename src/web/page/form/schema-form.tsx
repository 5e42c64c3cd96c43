/** A form made from a JSON Schema. Problems stand at their fields once a person has been there. */
import { createContext, useContext, useId, useState, type ReactNode } from 'react';
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import { Icon } from '../parts/icons.tsx';
import {
  descriptionOf,
  fieldOf,
  firstValue,
  pointerTo,
  resolve,
  titleOf,
  type Draft,
  type Field,
} from './schema.ts';
import './schema-form.css';

interface FormState {
  root: Json;
  problems: ReadonlyMap<string, string[]>;
  /** Whether to show the problems of a field. */
  seen: (pointer: string) => boolean;
  touch: (pointer: string) => void;
}

const FormContext = createContext<FormState>({
  root: true,
  problems: new Map(),
  seen: () => false,
  touch: () => {},
});

interface SchemaFormProps {
  schema: Json;
  value: Draft;
  onChange: (value: Draft) => void;
  problems: ReadonlyMap<string, string[]>;
  /** All problems show, as after an attempt to send. */
  showAll: boolean;
}

export function SchemaForm({ schema, value, onChange, problems, showAll }: SchemaFormProps) {
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const state: FormState = {
    root: schema,
    problems,
    seen: (pointer) => showAll || touched.has(pointer),
    touch: (pointer) => {
      if (!touched.has(pointer)) setTouched(new Set([...touched, pointer]));
    },
  };
  return (
    <FormContext value={state}>
      <div className="schema-form">
        <FieldView
          schema={schema}
          name="Answer"
          pointer=""
          value={value}
          onChange={onChange}
          required
          top
        />
      </div>
    </FormContext>
  );
}

interface FieldProps {
  schema: Json;
  name: string;
  pointer: string;
  value: Draft;
  onChange: (value: Draft) => void;
  required: boolean;
  top?: boolean;
}

const radioAtMost = 5;

function FieldView(props: FieldProps) {
  const { schema, name, pointer, required, top = false } = props;
  const { root, problems, seen, touch } = useContext(FormContext);
  const id = useId();
  const resolved = resolve(schema, root);
  const field = fieldOf(schema, root);
  const title = titleOf(resolved, name);
  const note = descriptionOf(resolved);
  const found = seen(pointer) ? (problems.get(pointer) ?? []) : [];
  const described = `${note ? `${id}-note ` : ''}${found.length > 0 ? `${id}-bad` : ''}`.trim();
  const common = {
    id,
    'aria-invalid': found.length > 0,
    'aria-describedby': described || undefined,
    onBlur: () => touch(pointer),
  };
  const grouped =
    groups.has(field.kind) || (field.kind === 'choice' && field.options.length <= radioAtMost);
  const body = (
    <>
      {note && (
        <p className="field-note" id={`${id}-note`}>
          {note}
        </p>
      )}
      <Control {...props} field={field} common={common} />
      {found.length > 0 && (
        <div id={`${id}-bad`}>
          {found.map((message) => (
            <p key={message} className="field-error" role="alert">
              <Icon name="error" size={14} /> {message}
            </p>
          ))}
        </div>
      )}
    </>
  );
  if (top && field.kind === 'object') {
    return <div className="stack">{body}</div>;
  }
  const mark = required ? null : <span className="optional">optional</span>;
  if (grouped) {
    return (
      <fieldset
        className={field.kind === 'object' || field.kind === 'list' ? 'field nested' : 'field'}
        aria-describedby={described || undefined}
        onBlur={() => touch(pointer)}
      >
        <legend className="label">
          {title} {mark}
        </legend>
        {body}
      </fieldset>
    );
  }
  return (
    <div className="field">
      <label htmlFor={id}>
        {title} {mark}
      </label>
      {body}
    </div>
  );
}

const groups = new Set<Field['kind']>([
  'object',
  'list',
  'many',
  'boolean',
  'variants',
  'constant',
]);

interface ControlProps extends FieldProps {
  field: Field;
  common: {
    id: string;
    'aria-invalid': boolean;
    'aria-describedby': string | undefined;
    onBlur: () => void;
  };
}

function Control({ field, common, ...props }: ControlProps): ReactNode {
  const { value, onChange, required, pointer } = props;
  const { root, touch } = useContext(FormContext);
  const set = (next: Draft): void => {
    touch(pointer);
    onChange(next);
  };
  switch (field.kind) {
    case 'choice':
      return field.options.length <= radioAtMost ? (
        <div className="choices">
          {field.options.map((option) => (
            <label key={JSON.stringify(option)} className="choice">
              <input
                type="radio"
                name={common.id}
                checked={same(value, option)}
                onChange={() => set(option)}
              />
              <span>{optionText(option)}</span>
            </label>
          ))}
          {!required && value !== undefined && (
            <button type="button" className="link" onClick={() => set(undefined)}>
              Clear
            </button>
          )}
        </div>
      ) : (
        <select
          {...common}
          value={field.options.findIndex((option) => same(value, option))}
          onChange={(event) => set(field.options[Number(event.target.value)])}
        >
          <option value={-1}>{required ? 'Choose…' : '–'}</option>
          {field.options.map((option, index) => (
            <option key={index} value={index}>
              {optionText(option)}
            </option>
          ))}
        </select>
      );
    case 'text': {
      const text = typeof value === 'string' ? value : '';
      const change = (next: string): void => onChange(next === '' ? undefined : next);
      return field.long ? (
        <textarea
          {...common}
          rows={Math.min(10, Math.max(2, text.split('\n').length))}
          value={text}
          onChange={(event) => change(event.target.value)}
        />
      ) : (
        <input
          {...common}
          type={inputTypes[field.format ?? ''] ?? 'text'}
          value={text}
          onChange={(event) => change(event.target.value)}
        />
      );
    }
    case 'number':
      return <NumberInput field={field} common={common} value={value} onChange={onChange} />;
    case 'boolean':
      return (
        <div className="choices across">
          {[true, false].map((option) => (
            <label key={String(option)} className="choice">
              <input
                type="radio"
                name={common.id}
                checked={value === option}
                onChange={() => set(option)}
              />
              <span>{option ? 'Yes' : 'No'}</span>
            </label>
          ))}
          {!required && value !== undefined && (
            <button type="button" className="link" onClick={() => set(undefined)}>
              Clear
            </button>
          )}
        </div>
      );
    case 'constant':
      return <code>{optionText(field.value)}</code>;
    case 'many': {
      const chosen = Array.isArray(value) ? value : [];
      return (
        <div className="choices">
          {field.options.map((option) => (
            <label key={JSON.stringify(option)} className="choice">
              <input
                type="checkbox"
                checked={chosen.some((each) => same(each, option))}
                onChange={(event) =>
                  set(
                    field.options.filter((each) =>
                      same(each, option)
                        ? event.target.checked
                        : chosen.some((other) => same(other, each)),
                    ),
                  )
                }
              />
              <span>{optionText(option)}</span>
            </label>
          ))}
        </div>
      );
    }
    case 'list':
      return <ListField field={field} {...props} />;
    case 'object': {
      const object: JsonObject = isJsonObject(value ?? null) ? (value as JsonObject) : {};
      return (
        <div className="stack">
          {field.properties.map(([name, part]) => (
            <FieldView
              key={name}
              schema={part}
              name={name}
              pointer={pointerTo(pointer, name)}
              value={object[name]}
              required={field.required.has(name)}
              onChange={(next) => {
                const changed = { ...object };
                if (next === undefined) delete changed[name];
                else changed[name] = next;
                // An optional object that nothing is left of stays out.
                onChange(!required && Object.keys(changed).length === 0 ? undefined : changed);
              }}
            />
          ))}
        </div>
      );
    }
    case 'variants':
      return <VariantField field={field} root={root} {...props} />;
    case 'json':
      return <JsonInput common={common} value={value} onChange={onChange} />;
  }
}

const inputTypes: Record<string, string> = {
  date: 'date',
  email: 'email',
  uri: 'url',
  time: 'time',
};

function same(a: Draft, b: Json): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function optionText(option: Json): string {
  return typeof option === 'string' ? option : JSON.stringify(option);
}

function NumberInput(props: {
  field: Extract<Field, { kind: 'number' }>;
  common: ControlProps['common'];
  value: Draft;
  onChange: (value: Draft) => void;
}) {
  const { field, common, value, onChange } = props;
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

function ListField({ field, ...props }: FieldProps & { field: Extract<Field, { kind: 'list' }> }) {
  const { value, onChange, pointer, name, required } = props;
  const { root } = useContext(FormContext);
  const list = Array.isArray(value) ? value : [];
  const change = (next: Json[]): void =>
    onChange(next.length === 0 && !required ? undefined : next);
  return (
    <div className="stack tight">
      {list.map((each, index) => (
        <div key={index} className="list-item">
          <div className="grow">
            <FieldView
              schema={field.items}
              name={`${name} ${index + 1}`}
              pointer={pointerTo(pointer, index)}
              value={each === null ? undefined : each}
              required
              onChange={(next) => change(list.with(index, next ?? null))}
            />
          </div>
          <button
            type="button"
            className="quiet"
            aria-label={`Remove ${name} ${index + 1}`}
            onClick={() => change(list.toSpliced(index, 1))}
          >
            <Icon name="trash" />
          </button>
        </div>
      ))}
      <div className="row">
        <button
          type="button"
          onClick={() => change([...list, firstValue(field.items, root) ?? null])}
        >
          <Icon name="plus" /> Add
        </button>
      </div>
    </div>
  );
}

function VariantField(
  props: FieldProps & { field: Extract<Field, { kind: 'variants' }>; root: Json },
) {
  const { field, root, pointer, value, onChange, name } = props;
  const [chosen, choose] = useState(0);
  const variant = field.variants[chosen] ?? true;
  return (
    <div className="stack tight">
      <select
        aria-label={`Kind of ${name}`}
        value={chosen}
        onChange={(event) => {
          const next = Number(event.target.value);
          choose(next);
          onChange(firstValue(field.variants[next] ?? true, root));
        }}
      >
        {field.variants.map((each, index) => (
          <option key={index} value={index}>
            {variantName(each, index)}
          </option>
        ))}
      </select>
      <FieldView
        key={chosen}
        schema={variant}
        name={name}
        pointer={pointer}
        value={value}
        onChange={onChange}
        required
        top
      />
    </div>
  );
}

function variantName(schema: Json, index: number): string {
  if (isJsonObject(schema)) {
    if (typeof schema.title === 'string') return schema.title;
    if (typeof schema.type === 'string') return schema.type;
  }
  return `Variant ${index + 1}`;
}

export function JsonInput(props: {
  common: Partial<ControlProps['common']>;
  value: Draft;
  onChange: (value: Draft) => void;
}) {
  const { common, value, onChange } = props;
  const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value, null, 2));
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
            onChange(
              event.target.value.trim() === ''
                ? undefined
                : (JSON.parse(event.target.value) as Json),
            );
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
