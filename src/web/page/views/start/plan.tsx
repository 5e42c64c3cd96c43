/** What would run, in which order, and the button that starts it. */
import { stringifyJson } from '../../../../model/json.ts';
import type { ReactNode } from 'react';
import type { StartBody, StartPreview } from '../../../api/start.ts';
import { Diagnostics, FailureBox } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Box, Command } from '../../parts/pieces.tsx';
import type { Starting } from './preview.ts';

interface StartPlanProps {
  body: StartBody;
  starting: Starting;
  /** An input cannot be used. */
  blocked: boolean;
  /** What else is to be chosen. */
  children: ReactNode;
}

export function StartPlan({ body, starting, blocked, children }: StartPlanProps) {
  const { preview, failure, busy, start } = starting;
  const chosen = body.roots.length + body.labels.length > 0;
  return (
    <section className="panel start-plan" aria-label="What would run">
      <h2>What would run</h2>
      <div className="panel-body stack">
        {!chosen && <p className="faint">Choose a task on the graph, or a label.</p>}
        {failure && <FailureBox failure={failure} />}
        {preview && <Plan preview={preview} />}
        {preview && preview.warnings.length > 0 && (
          <Box tone="wait" icon="warn">
            <Diagnostics list={preview.warnings} />
          </Box>
        )}
        {children}
        <div className="row">
          <button
            type="button"
            className="primary"
            disabled={!preview || busy || blocked}
            onClick={() => void start()}
          >
            <Icon name="play" /> {busy ? 'Starting…' : 'Start'}
          </button>
          <span className="faint">It goes on when this page is closed.</span>
        </div>
        {chosen && <Command words={startWords(body)} />}
      </div>
    </section>
  );
}

function startWords({ roots, labels, inputs, title, uncommitted }: StartBody): string[] {
  return [
    'run',
    'start',
    ...roots.flatMap((root) => ['--root', root]),
    ...labels.flatMap((label) => ['--label', label]),
    ...Object.entries(inputs).flatMap(([key, value]) =>
      typeof value === 'string'
        ? ['--input', `${key}=${value}`]
        : ['--input-json', `${key}=${stringifyJson(value)}`],
    ),
    ...(title ? ['--title', title] : []),
    ...(uncommitted ? ['--uncommitted', uncommitted] : []),
  ];
}

function Plan({ preview }: { preview: StartPreview }) {
  const waves = new Map<number, StartPreview['tasks']>();
  for (const task of preview.tasks) {
    const wave = waves.get(task.wave);
    if (wave) wave.push(task);
    else waves.set(task.wave, [task]);
  }
  return (
    <ol className="waves">
      {[...waves].map(([wave, tasks]) => (
        <li key={wave}>
          {tasks.map((task) => (
            <div key={task.task_id} className="planned">
              <span className="ellipsis" title={task.title}>
                {task.task_id}
              </span>
              <span
                className="faint ellipsis"
                title={[task.agent, task.backend, task.model, task.sandbox, task.directory]
                  .filter((each) => each !== null)
                  .join(', ')}
              >
                {task.agent}
                {task.sandbox ? `, ${task.sandbox}` : ''}
              </span>
              {task.notes.length > 0 && (
                <span className="faint notes">{task.notes.join('; ')}</span>
              )}
            </div>
          ))}
        </li>
      ))}
    </ol>
  );
}
