/** The kinds of field that the form of a task is made of. */
import type { InputHTMLAttributes, ReactNode } from 'react';
import type { TaskDraft, TaskEdit } from './task-edit.ts';

type TextKey = {
  [K in keyof TaskDraft]: TaskDraft[K] extends string ? K : never;
}[keyof TaskDraft];

interface FieldProps {
  edit: TaskEdit;
  of: TextKey;
  label: string;
  note?: string;
  optional?: boolean;
}

interface LineFieldProps
  extends
    FieldProps,
    Pick<InputHTMLAttributes<never>, 'className' | 'type' | 'min' | 'placeholder'> {
  /** What else could stand there. */
  suggestions?: string[];
}

/** A line of text. */
export function LineField({ edit, of, label, note, optional, ...rest }: LineFieldProps) {
  const { suggestions, ...input } = rest;
  const list = suggestions && `${of}s`;
  return (
    <Field label={label} note={note} optional={optional}>
      {(id) => (
        <>
          <input
            id={id}
            list={list}
            {...input}
            value={edit.draft[of]}
            onChange={(event) => edit.change({ [of]: event.target.value })}
          />
          {suggestions && (
            <datalist id={list}>
              {suggestions.map((each) => (
                <option key={each} value={each} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

/** Lines of text. `grows`: it is as high as its text. */
export function LinesField(props: FieldProps & { className?: string; grows?: boolean }) {
  const { edit, of, label, note, optional, className, grows = false } = props;
  return (
    <Field label={label} note={note} optional={optional}>
      {(id) => (
        <textarea
          id={id}
          className={className}
          rows={grows ? Math.max(2, edit.draft[of].split('\n').length) : 2}
          value={edit.draft[of]}
          onChange={(event) => edit.change({ [of]: event.target.value })}
        />
      )}
    </Field>
  );
}

/** One of several words. `none`: what it means that none is chosen, where that may be. */
export function ChoiceField(props: FieldProps & { options: readonly string[]; none?: string }) {
  const { edit, of, label, note, optional, options, none } = props;
  return (
    <Field label={label} note={note} optional={optional}>
      {(id) => (
        <select
          id={id}
          value={edit.draft[of]}
          onChange={(event) => edit.change({ [of]: event.target.value })}
        >
          {none !== undefined && <option value="">{none}</option>}
          {options.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
    </Field>
  );
}

function Field(props: {
  label: string;
  note?: string;
  optional?: boolean;
  children: (id: string) => ReactNode;
}) {
  const { label, note, optional = false, children } = props;
  const id = `task-${label.toLowerCase().replaceAll(' ', '-')}`;
  return (
    <div className="field">
      <label htmlFor={id}>
        {label} {optional && <span className="optional">optional</span>}
      </label>
      {children(id)}
      {note && <p className="field-note">{note}</p>}
    </div>
  );
}

/** People and assistants, each to be let or not. */
export function WhomItMayAsk({ edit, roles }: { edit: TaskEdit; roles: string[] }) {
  const { draft, change } = edit;
  const mayAsk = (role: string): boolean => draft.roles === null || draft.roles.includes(role);
  return (
    <fieldset className="plain-fieldset">
      <legend className="label">Whom it may ask</legend>
      <div className="stack tight">
        <label className="choice">
          <input
            type="checkbox"
            checked={draft.allow_human}
            onChange={(event) => change({ allow_human: event.target.checked })}
          />
          <span>A person</span>
        </label>
        {roles.map((role) => (
          <label key={role} className="choice">
            <input
              type="checkbox"
              checked={mayAsk(role)}
              onChange={(event) => {
                const { checked } = event.target;
                const chosen = roles.filter((each) => (each === role ? checked : mayAsk(each)));
                change({ roles: chosen.length === roles.length ? null : chosen });
              }}
            />
            <span>Assistant {role}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
