/** The answer to a question: options, a form, words; and what the worker will get of it, before it is sent. */
import { useState } from 'react';
import type { Json } from '../../../../model/json.ts';
import type { QuestionView } from '../../../api/question.ts';
import { JsonInput } from '../../form/controls.tsx';
import { SchemaForm } from '../../form/schema-form.tsx';
import { asksOptions, fieldOf, formable, withOption } from '../../form/schema.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Markdown } from '../../parts/markdown.tsx';
import { useAnswer, wordsOf, type AnswerDraft } from './answer-draft.ts';

export function AnswerForm({ view, address }: { view: QuestionView; address: string }) {
  const { interrupt, run } = view;
  const schema = formable(view.reply_schema);
  const answer = useAnswer(view, address);
  const [formKey, setFormKey] = useState(0);
  const { options } = interrupt;
  // What the form asks for is not asked twice.
  const hasOptions = options.length > 0 && (schema === null || !asksOptions(schema, options));
  const resumes = interrupt.blocking && view.also_open.length === 0 && !run.driven;
  return (
    <form
      className="panel answer"
      aria-label="Your answer"
      onSubmit={(event) => {
        event.preventDefault();
        void answer.send(resumes);
      }}
    >
      <h2>Your answer</h2>
      <div className="panel-body stack">
        {hasOptions && (
          <Options
            options={options}
            chosen={answer.text}
            onChoose={(option) => {
              answer.change({
                text: option,
                ...(schema === null ? {} : { payload: withOption(schema, answer.payload, option) }),
              });
              setFormKey(formKey + 1);
            }}
          />
        )}
        {schema !== null && <Payload schema={schema} answer={answer} formKey={formKey} />}
        <Words answer={answer} hasForm={schema !== null} hasOptions={hasOptions} />
        <details className="more-fields" open={answer.rationale !== ''}>
          <summary className="faint">Add a reason</summary>
          <textarea
            aria-label="Reason"
            rows={2}
            value={answer.rationale}
            onChange={(event) => answer.change({ rationale: event.target.value })}
          />
        </details>
        <Delivered answer={answer} />
        <Problems answer={answer} />
        <Foot view={view} answer={answer} resumes={resumes} />
      </div>
    </form>
  );
}

function Options(props: { options: string[]; chosen: string; onChoose: (option: string) => void }) {
  const { options, chosen, onChoose } = props;
  return (
    <div className="row options" role="group" aria-label="Options">
      {options.map((option) => (
        <button
          key={option}
          type="button"
          className={chosen === option ? 'option on' : 'option'}
          aria-pressed={chosen === option}
          onClick={() => onChoose(option)}
        >
          {option}
        </button>
      ))}
    </div>
  );
}

/** `formKey`: another one, where what is typed as JSON was replaced. */
function Payload(props: { schema: Json; answer: AnswerDraft; formKey: number }) {
  const { schema, answer, formKey } = props;
  const { payload, change, problems, tried } = answer;
  const [asJson, setAsJson] = useState(false);
  return (
    <div className="stack tight">
      {asJson ? (
        <JsonInput
          key={formKey}
          common={{ id: 'payload-json', 'aria-invalid': problems.size > 0 }}
          value={payload}
          onChange={(next) => change({ payload: next })}
        />
      ) : (
        <SchemaForm
          schema={schema}
          value={payload}
          onChange={(next) => change({ payload: next })}
          problems={problems}
          showAll={tried}
        />
      )}
      {fieldOf(schema, schema).kind !== 'json' && (
        <div className="row end">
          <button type="button" className="link" onClick={() => setAsJson(!asJson)}>
            {asJson ? 'As a form' : 'As JSON'}
          </button>
        </div>
      )}
    </div>
  );
}

function Words(props: { answer: AnswerDraft; hasForm: boolean; hasOptions: boolean }) {
  const { answer, hasForm, hasOptions } = props;
  const { text, payload, change, tried, empty } = answer;
  return (
    <div className="field">
      <label htmlFor="reply-text">
        {hasForm || hasOptions ? 'In words' : 'Answer'}{' '}
        {hasForm && <span className="optional">optional</span>}
      </label>
      <textarea
        id="reply-text"
        rows={Math.min(14, Math.max(hasForm ? 2 : 4, text.split('\n').length))}
        value={text}
        placeholder={hasForm ? wordsOf(payload) || 'Anything the form does not say' : ''}
        aria-invalid={tried && empty}
        onChange={(event) => change({ text: event.target.value })}
      />
      {tried && empty && (
        <p className="field-error" role="alert">
          {hasOptions
            ? 'Choose an option, or answer in words.'
            : 'An answer needs words, or a filled form.'}
        </p>
      )}
    </div>
  );
}

function Delivered({ answer: { preview } }: { answer: AnswerDraft }) {
  return (
    <details className="preview">
      <summary>What the worker will get</summary>
      {preview ? (
        <div className="preview-body">
          {preview.problem && <p className="field-error">{preview.problem}</p>}
          <Markdown text={preview.delivered} />
        </div>
      ) : (
        <p className="faint">It appears here as you answer.</p>
      )}
    </details>
  );
}

function Problems({ answer }: { answer: AnswerDraft }) {
  const { failure, tried, preview, problems } = answer;
  if (failure) return <FailureBox failure={failure} />;
  if (!tried || !preview || preview.ok || problems.size === 0) return null;
  return (
    <p className="field-error" role="alert">
      Something in the form does not fit yet.
    </p>
  );
}

/** `resumes`: nothing else holds the instance, and no engine is at work that would go on. */
function Foot(props: { view: QuestionView; answer: AnswerDraft; resumes: boolean }) {
  const { view, answer, resumes } = props;
  const others = view.also_open.length;
  return (
    <div className="row answer-foot">
      <button type="submit" className="primary" disabled={answer.busy}>
        {resumes ? 'Answer and resume' : 'Answer'}
      </button>
      {resumes && (
        <button type="button" disabled={answer.busy} onClick={() => void answer.send(false)}>
          Answer only
        </button>
      )}
      <span className="faint">
        {others > 0
          ? `${others} other question${others === 1 ? '' : 's'} of this instance stay open.`
          : view.run.driven
            ? 'The run is at work, and goes on with it.'
            : view.interrupt.blocking
              ? 'An answer is final.'
              : 'The run does not wait for this.'}
      </span>
    </div>
  );
}
