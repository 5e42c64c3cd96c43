/** A form made from a JSON Schema. Problems stand at their fields once a person has been there. */
import { createContext, useContext, useId, useState, type ReactNode } from 'react';
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import { Icon } from '../parts/icons.tsx';
import {
  BooleanControl,
  ChoiceControl,
  Constant,
  JsonInput,
  ManyControl,
  NumberControl,
  radioAtMost,
  TextControl,
  type Labelled,
} from './controls.tsx';
import {
  descriptionOf,
  fieldOf,
  firstValue,
  holds,
  pointerTo,
  resolve,
  titleOf,
  variantOf,
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
  keepsEmpty: boolean;
}

const FormContext = createContext<FormState>({
  root: true,
  problems: new Map(),
  seen: () => false,
  touch: () => {},
  keepsEmpty: false,
});

interface SchemaFormProps {
  schema: Json;
  value: Draft;
  onChange: (value: Draft) => void;
  problems: ReadonlyMap<string, string[]>;
  /** All problems show, as after an attempt to send. */
  showAll: boolean;
  /** For fields of a file, where an empty text may stand; in an answer it is no answer. */
  keepsEmpty?: boolean;
}

export function SchemaForm(props: SchemaFormProps) {
  const { schema, value, onChange, problems, showAll, keepsEmpty = false } = props;
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const state: FormState = {
    root: schema,
    problems,
    seen: (pointer) => showAll || touched.has(pointer),
    touch: (pointer) => {
      if (!touched.has(pointer)) setTouched(new Set([...touched, pointer]));
    },
    keepsEmpty,
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

function FieldView(props: FieldProps) {
  const { schema, name, pointer, required, top = false } = props;
  const { root, problems, seen, touch } = useContext(FormContext);
  const id = useId();
  const resolved = resolve(schema, root);
  const asked = fieldOf(schema, root);
  // What a field cannot hold is shown as it is.
  const field: Field = holds(asked, props.value) ? asked : { kind: 'json' };
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
  common: Labelled;
}

function Control({ field, common, ...props }: ControlProps): ReactNode {
  const { value, onChange, required, pointer } = props;
  const { touch, keepsEmpty } = useContext(FormContext);
  /** Where choosing is all there is to it, a person has been there. */
  const choose = (next: Draft): void => {
    touch(pointer);
    onChange(next);
  };
  const control = { common, value, required };
  switch (field.kind) {
    case 'choice':
      return <ChoiceControl {...control} field={field} onChange={choose} />;
    case 'text':
      return <TextControl {...control} field={field} onChange={onChange} keepsEmpty={keepsEmpty} />;
    case 'number':
      return <NumberControl {...control} field={field} onChange={onChange} />;
    case 'boolean':
      return <BooleanControl {...control} field={field} onChange={choose} />;
    case 'constant':
      return <Constant value={field.value} />;
    case 'many':
      return <ManyControl {...control} field={field} onChange={choose} />;
    case 'list':
      return <ListField field={field} {...props} />;
    case 'object':
      return <ObjectField field={field} {...props} />;
    case 'variants':
      return <VariantField field={field} {...props} />;
    case 'json':
      return <JsonInput common={common} value={value} onChange={onChange} />;
  }
}

type Part<K extends Field['kind']> = FieldProps & { field: Extract<Field, { kind: K }> };

function ObjectField({ field, value, onChange, pointer, required }: Part<'object'>) {
  const { root, keepsEmpty } = useContext(FormContext);
  // Which variant it is, the choice above it says.
  const shown = field.properties.filter(
    ([, part]) => !(keepsEmpty && fieldOf(part, root).kind === 'constant'),
  );
  const object: JsonObject = isJsonObject(value ?? null) ? (value as JsonObject) : {};
  return (
    <div className="stack">
      {shown.map(([name, part]) => (
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

function ListField({ field, value, onChange, pointer, name, required }: Part<'list'>) {
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

function VariantField({ field, pointer, value, onChange, name }: Part<'variants'>) {
  const { root } = useContext(FormContext);
  const [last, choose] = useState(0);
  const found = variantOf(field.variants, value, root);
  const chosen = found >= 0 ? found : last;
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
    const constant = Object.values(
      isJsonObject(schema.properties ?? null) ? (schema.properties as JsonObject) : {},
    )
      .map((part) => (isJsonObject(part) ? part.const : undefined))
      .find((each) => typeof each === 'string');
    if (typeof constant === 'string') return constant;
    if (schema.type === 'null') return 'none';
    if (typeof schema.type === 'string') return schema.type;
  }
  return `Variant ${index + 1}`;
}
