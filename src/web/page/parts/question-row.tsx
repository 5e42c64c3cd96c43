/** Questions in a list. */
import { Link } from 'wouter';
import type { QuestionListItem } from '../../api/inbox.ts';
import { titleWords } from '../../../text/markdown.ts';
import { beginning } from '../../../text/width.ts';
import { Icon } from './icons.tsx';
import { StatusGlyph } from './status.tsx';
import { Ago } from './time.tsx';

const titleLength = 160;

/** What it begins with, without Markdown's marks. */
export function questionTitle(question: string): string {
  return beginning(titleWords(question), titleLength);
}

/** `current`: the id of the one that is open beside the list. */
export function QuestionRows(props: { questions: QuestionListItem[]; current?: string | null }) {
  const { questions, current = null } = props;
  return (
    <ul className="rows">
      {questions.map((each) => (
        <li key={each.interrupt_id}>
          <QuestionRow question={each} current={each.interrupt_id === current} />
        </li>
      ))}
    </ul>
  );
}

function QuestionRow({ question, current }: { question: QuestionListItem; current: boolean }) {
  const { run_id: run, interrupt_id: id, task_title: task, created_at: asked } = question;
  return (
    <Link
      href={`/inbox/${run}/${id}`}
      className="row-link question-row"
      aria-current={current ? 'page' : undefined}
    >
      <StatusGlyph status={question.status} />
      <span className="grow">
        <span className="question-line">{questionTitle(question.question)}</span>
        <span className="row-sub">
          {question.priority === 'high' && <b className="tone-bad">High priority</b>}
          {question.handed_over && <span className="chip">Handed over by an assistant</span>}
          {question.audience === 'assistant' && (
            <span className="chip">
              <Icon name="robot" size={13} /> {question.role_id ?? 'assistant'}
            </span>
          )}
          <span className="ellipsis">{task}</span>
          <span aria-hidden="true">·</span>
          <Ago time={question.resolved_at ?? asked} />
        </span>
      </span>
      {!question.blocking && <span className="chip">Does not hold the run</span>}
    </Link>
  );
}
