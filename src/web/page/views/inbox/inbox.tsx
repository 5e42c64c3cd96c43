/** The inbox: what is asked, oldest first, and the question that is open beside it. */
import { Link, useSearchParams } from 'wouter';
import type { QuestionListItem, QuestionPage } from '../../../api/inbox.ts';
import { usePages } from '../../data/pages.ts';
import { useTitle } from '../../data/title.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Filters } from '../../parts/filters.tsx';
import { Empty, Pending } from '../../parts/pieces.tsx';
import { QuestionRows } from '../../parts/question-row.tsx';
import { QuestionPane } from './question.tsx';
import './inbox.css';

interface InboxProps {
  runId: string | null;
  interruptId: string | null;
}

export function InboxView({ runId, interruptId }: InboxProps) {
  const chosen = runId !== null && interruptId !== null;
  useTitle(chosen ? null : 'Inbox');
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
  const { first, error, items, failure, loadMore } = usePages(
    `/api/inbox?status=${answered ? 'answered' : 'open'}`,
    ({ questions }: QuestionPage) => questions,
    (each) => each.interrupt_id,
  );
  const people = items.filter(({ audience }) => audience === 'human');
  const assistants = items.filter(({ audience }) => audience === 'assistant');
  return (
    <>
      <Filters
        label="Show"
        options={['open', 'answered']}
        current={answered ? 'answered' : 'open'}
        onChoose={(status) => setSearch(status === 'open' ? {} : { status }, { replace: true })}
      >
        {(status) => (status === 'open' ? 'Open' : 'Answered')}
      </Filters>
      {error && !first && <FailureBox failure={error} />}
      {!first && !error && <Pending rows={4} />}
      {first && items.length === 0 && (
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
      {loadMore && (
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
      <QuestionRows questions={questions} current={current} />
    </div>
  );
}
