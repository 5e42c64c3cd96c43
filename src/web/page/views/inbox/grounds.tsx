/** What a question can be answered by, beside what it says: what was changed, what checks came to, what it has cost. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { QuestionView } from '../../../api/question.ts';
import { Changes, hasChanges, useChanges, type ChangesOf } from '../../parts/changes.tsx';
import { CheckRows } from '../../parts/check-rows.tsx';
import { Filters } from '../../parts/filters.tsx';
import { Panel } from '../../parts/pieces.tsx';
import { Spent } from '../../parts/spent.tsx';

export function Grounds({ view }: { view: QuestionView }) {
  return (
    <>
      <Checks view={view} />
      <QuestionChanges view={view} />
    </>
  );
}

/** What it has cost so far: who asks, and the run. */
export function QuestionCost({ view: { run, instance } }: { view: QuestionView }) {
  return (
    <p className="row-sub question-cost">
      {instance && (
        <Spent runId={run.id} instanceId={instance.instance_id} label="This task so far:" />
      )}
      <Spent runId={run.id} label="The run so far:" />
    </p>
  );
}

function Checks({ view: { run, checks } }: { view: QuestionView }) {
  if (checks.length === 0) return null;
  return (
    <Panel title="Checks" label="Checks">
      {checks.map(({ instance_id: id, title, receipts }) => (
        <div key={id} className="question-checks">
          {checks.length > 1 && (
            <p className="faint">
              <Link href={`/runs/${run.id}/instances/${id}`}>{title}</Link>
            </p>
          )}
          <CheckRows checks={receipts} />
        </div>
      ))}
    </Panel>
  );
}

const words = {
  answer: 'By who asks, since the last answer',
  asker: 'By who asks',
  since: 'Since the last question',
  run: 'By the run so far',
};
type Of = keyof typeof words;

/** Who asks may have changed nothing, as who only accepts the work of others. */
function QuestionChanges({ view }: { view: QuestionView }) {
  const { run, instance, asked_before: since, answered_before: answered } = view;
  const asker = instance && { runId: run.id, instanceId: instance.instance_id };
  const [chosen, choose] = useState<Of | null>(null);
  const of: Record<Of, ChangesOf | null> = {
    answer: asker && answered !== null ? { ...asker, since: answered } : null,
    asker,
    since: since === null ? null : { runId: run.id, since },
    run: { runId: run.id },
  };
  const found = {
    answer: useChanges(of.answer),
    asker: useChanges(of.asker),
    since: useChanges(of.since),
    run: useChanges(of.run),
  };
  const there = (Object.keys(words) as Of[]).filter((each) => hasChanges(found[each]));
  const shown = chosen ?? there[0];
  if (shown === undefined || of[shown] === null) return null;
  return (
    <div className="stack tight">
      {there.length > 1 && (
        <Filters label="Changes" options={there} current={shown} onChoose={choose}>
          {(each) => words[each]}
        </Filters>
      )}
      <Changes {...of[shown]} quiet />
    </div>
  );
}
