/** What went wrong, in the server's words, with what to do next; and the problems of program files. */
import { Link } from 'wouter';
import type { Diagnostic } from '../../../model/diagnostic.ts';
import { taskOfFile } from '../../../model/program-files.ts';
import { filePath, type ApiFailure } from '../data/api.ts';
import { Icon } from './icons.tsx';

export function FailureBox({ failure }: { failure: ApiFailure }) {
  const { message, hint, diagnostics } = failure.body;
  return (
    <div className="box bad" role="alert">
      <Icon name="error" />
      <div>
        <p>{message}</p>
        {hint && <p className="faint">{hint}</p>}
        {diagnostics && diagnostics.length > 0 && <Diagnostics list={diagnostics} />}
      </div>
    </div>
  );
}

/** A whole view that could not be read. */
export function FailureView({ failure }: { failure: ApiFailure }) {
  return (
    <main className="view narrow">
      <h1>{failure.status === 404 ? 'Nothing here' : 'This cannot be shown'}</h1>
      <FailureBox failure={failure} />
      <p>
        <Link href="/">Back to the overview</Link>
      </p>
    </main>
  );
}

/** Where the file that a problem is in can be edited; null: it is no file of the program. */
function editorOf(file: string): string | null {
  if (file.startsWith('/') || file.split('/').some((part) => part.startsWith('.'))) return null;
  const task = taskOfFile(file);
  if (task !== null) return `/program/tasks/${encodeURIComponent(task)}/yaml`;
  return filePath('/program/files', file);
}

const icons = { error: 'error', warning: 'warn', note: 'info' } as const;

/** The colour of a diagnostic. */
export function diagnosticTone({ severity }: Diagnostic): string {
  return { error: 'tone-bad', warning: 'tone-wait', note: 'tone-idle' }[severity];
}

export function Diagnostics({ list, linked = true }: { list: Diagnostic[]; linked?: boolean }) {
  return (
    <ul className="diagnostics">
      {list.map((each, index) => {
        const editor = linked && each.file !== null ? editorOf(each.file) : null;
        const place = each.file
          ? `${each.file}${each.line === null ? '' : `:${each.line}`}`
          : each.location;
        return (
          <li key={index} className={diagnosticTone(each)}>
            <Icon name={icons[each.severity]} />
            <div>
              <p>
                <span className="sr">{each.severity}: </span>
                {each.message}
              </p>
              {each.hint && <p className="faint">{each.hint}</p>}
              <p className="faint mono">
                {editor === null ? place : <Link href={editor}>{place}</Link>} · {each.code}
              </p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
