/** The inbox: what is asked, oldest first, and the question that is open beside it. */
import { useEffect, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { QuestionListItem, QuestionPage } from '../../../api/inbox.ts';
import { ApiFailure, getJson } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Empty, Pending } from '../../parts/pieces.tsx';
import { QuestionRow } from '../../parts/question-row.tsx';
import { QuestionPane } from './question.tsx';
import './inbox.css';

interface InboxProps {
  runId: string | null;
  interruptId: string | null;
}

export function InboxView({ runId, interruptId }: InboxProps) {
  const chosen = runId !== null && interruptId !== null;
  useEffect(() => {
    if (!chosen) document.title = 'Inbox · codex-orch';
  }, [chosen]);
  return (
    <main className={chosen ? 'view inbox has-question' : 'view inbox'}>
      <section className="inbox-list" aria-label="Questions">
        <h1>Inbox</h1>
        <List current={interruptId} />
      </section>
      {chosen ? (
        <QuestionPane key={interruptId} runId={runId} interruptId={interruptId} />
      ) : (
        <div className="inbox-hint">
          <Empty title="Choose a question">
            Its context, and the form to answer it, appear here. A run that waits costs nothing.
          </Empty>
        </div>
      )}
    </main>
  );
}

function List({ current }: { current: string | null }) {
  const [search, setSearch] = useSearchParams();
  const answered = search.get('status') === 'answered';
  const address = `/api/inbox?status=${answered ? 'answered' : 'open'}`;
  const { data, error } = useResource<QuestionPage>(address);
  const [more, setMore] = useState<{ questions: QuestionListItem[]; cursor: string | null } | null>(
    null,
  );
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const cursor = more ? more.cursor : (data?.next_cursor ?? null);
  const loadMore = async (): Promise<void> => {
    try {
      const page = await getJson<QuestionPage>(
        `${address}&cursor=${encodeURIComponent(cursor ?? '')}`,
      );
      setMore({
        questions: [...(more?.questions ?? []), ...page.questions],
        cursor: page.next_cursor,
      });
    } catch (problem) {
      if (!(problem instanceof ApiFailure)) throw problem;
      setFailure(problem);
    }
  };
  const known = new Set(data?.questions.map((each) => each.interrupt_id));
  const questions = [
    ...(data?.questions ?? []),
    ...(answered ? (more?.questions ?? []).filter((each) => !known.has(each.interrupt_id)) : []),
  ];
  const people = questions.filter(({ audience }) => audience === 'human');
  const assistants = questions.filter(({ audience }) => audience === 'assistant');
  return (
    <>
      <div className="row filters" role="group" aria-label="Show">
        {(['open', 'answered'] as const).map((status) => (
          <button
            key={status}
            type="button"
            className={(status === 'answered') === answered ? 'filter on' : 'filter'}
            aria-pressed={(status === 'answered') === answered}
            onClick={() => setSearch(status === 'open' ? {} : { status }, { replace: true })}
          >
            {status === 'open' ? 'Open' : 'Answered'}
          </button>
        ))}
      </div>
      {error && !data && <FailureBox failure={error} />}
      {!data && !error && <Pending rows={4} />}
      {data && questions.length === 0 && (
        <div className="panel">
          {answered ? (
            <Empty title="Nothing answered yet" />
          ) : (
            <Empty title="No open question">
              Runs ask here when they need a person. <Link href="/start">Start a run</Link>
            </Empty>
          )}
        </div>
      )}
      <Group title="For you" questions={people} current={current} />
      <Group title="For assistants" questions={assistants} current={current} />
      {failure && <FailureBox failure={failure} />}
      {answered && cursor !== null && (
        <button type="button" onClick={() => void loadMore()}>
          Show more
        </button>
      )}
    </>
  );
}

function Group(props: { title: string; questions: QuestionListItem[]; current: string | null }) {
  const { title, questions, current } = props;
  if (questions.length === 0) return null;
  return (
    <div className="panel">
      <h2>
        {title} <span className="count">{questions.length}</span>
      </h2>
      <ul className="rows">
        {questions.map((each) => (
          <li key={each.interrupt_id}>
            <QuestionRow question={each} current={each.interrupt_id === current} />
          </li>
        ))}
      </ul>
    </div>
  );
}
