/** Starting a run: what to run, with which inputs, and what that means; then the start. */
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import type { ProgramView } from '../../../api/program.ts';
import type { StartBody, StartPreview, StartResult } from '../../../api/start.ts';
import type { JsonObject } from '../../../../model/json.ts';
import { ApiFailure, sendJson } from '../../data/api.ts';
import { invalidate, useResource } from '../../data/resource.ts';
import { Diagnostics, FailureBox, FailureView } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Box, Command, Empty, Pending } from '../../parts/pieces.tsx';
import { StartInputs } from './inputs.tsx';
import './start.css';

const StartGraph = lazy(async () => ({ default: (await import('./graph.tsx')).StartGraph }));
const previewDelayMs = 150;

export function StartView() {
  const { data, error } = useResource<ProgramView>('/api/program');
  useEffect(() => {
    document.title = 'Start a run · codex-orch';
  }, []);
  if (!data) return error ? <FailureView failure={error} /> : <Pending rows={8} />;
  return <Start program={data} />;
}

function Start({ program }: { program: ProgramView }) {
  const [search, setSearch] = useSearchParams();
  const [, navigate] = useLocation();
  const [inputs, setInputs] = useState<JsonObject>({});
  const [badInputs, setBadInputs] = useState<ReadonlySet<string>>(new Set());
  const [assistants, setAssistants] = useState(program.project.assistants === 'inline');
  const [preview, setPreview] = useState<StartPreview | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [busy, setBusy] = useState(false);
  const roots = useMemo(() => search.getAll('root'), [search]);
  const labels = useMemo(() => search.getAll('label'), [search]);
  const allLabels = useMemo(
    () => [...new Set(program.tasks.flatMap((task) => task.labels))].sort(),
    [program],
  );
  const choose = (nextRoots: string[], nextLabels: string[]): void => {
    const params = new URLSearchParams();
    for (const root of nextRoots) params.append('root', root);
    for (const label of nextLabels) params.append('label', label);
    setSearch(params, { replace: true });
  };
  const toggle = (list: string[], each: string): string[] =>
    list.includes(each) ? list.filter((other) => other !== each) : [...list, each];
  const chosen = roots.length + labels.length > 0;
  const body: StartBody = useMemo(
    () => ({ roots, labels, inputs, assistants }),
    [roots, labels, inputs, assistants],
  );
  useEffect(() => {
    if (!chosen) {
      setPreview(null);
      setFailure(null);
      return;
    }
    let left = false;
    const timer = setTimeout(() => {
      sendJson<StartPreview>('POST', '/api/start/preview', body).then(
        (result) => {
          if (left) return;
          setPreview(result);
          setFailure(null);
        },
        (problem: unknown) => {
          if (left || !(problem instanceof ApiFailure)) return;
          setFailure(problem);
          setPreview(null);
        },
      );
    }, previewDelayMs);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [body, chosen, program.hash]);
  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      const { run_id: id } = await sendJson<StartResult>('POST', '/api/runs', body);
      invalidate('/api/overview', '/api/runs?');
      navigate(`/runs/${id}`);
    } catch (problem) {
      if (!(problem instanceof ApiFailure)) throw problem;
      setFailure(problem);
      setBusy(false);
    }
  };
  if (program.tasks.length === 0) {
    return (
      <main className="view narrow">
        <h1>Start a run</h1>
        <Empty title="No task yet">
          <Link href="/program/new">Write the first one</Link>
        </Empty>
      </main>
    );
  }
  return (
    <main className="view">
      <div className="page-head">
        <div>
          <h1>Start a run</h1>
          <p className="faint">
            Choose the tasks you want done. What they depend on, and what they may route to, comes
            along.
          </p>
        </div>
      </div>
      <div className="stack">
        {allLabels.length > 0 && (
          <div className="row" role="group" aria-label="By label">
            <span className="label">By label</span>
            {allLabels.map((label) => (
              <button
                key={label}
                type="button"
                className={labels.includes(label) ? 'filter on' : 'filter'}
                aria-pressed={labels.includes(label)}
                onClick={() => choose(roots, toggle(labels, label))}
              >
                #{label}
              </button>
            ))}
          </div>
        )}
        <Suspense fallback={<Pending rows={6} />}>
          <StartGraph
            program={program}
            roots={roots}
            labels={labels}
            preview={preview}
            onToggle={(id) => choose(toggle(roots, id), labels)}
          />
        </Suspense>
        <div className="start-layout">
          <StartInputs
            inputs={program.inputs}
            given={inputs}
            onChange={setInputs}
            onBad={setBadInputs}
            preview={preview}
          />
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
              {program.roles.length > 0 && (
                <label className="choice">
                  <input
                    type="checkbox"
                    checked={assistants}
                    onChange={(event) => setAssistants(event.target.checked)}
                  />
                  <span>
                    Let assistants answer what they may{' '}
                    <span className="faint">otherwise a worker does</span>
                  </span>
                </label>
              )}
              <div className="row">
                <button
                  type="button"
                  className="primary"
                  disabled={!preview || busy || badInputs.size > 0}
                  onClick={() => void start()}
                >
                  <Icon name="play" /> {busy ? 'Starting…' : 'Start'}
                </button>
                <span className="faint">It goes on when this page is closed.</span>
              </div>
              {chosen && (
                <Command
                  words={[
                    'run',
                    'start',
                    ...roots.flatMap((root) => ['--root', root]),
                    ...labels.flatMap((label) => ['--label', label]),
                    ...Object.entries(inputs).flatMap(([key, value]) =>
                      typeof value === 'string'
                        ? ['--input', `${key}=${value}`]
                        : ['--input-json', `${key}=${JSON.stringify(value)}`],
                    ),
                  ]}
                />
              )}
            </div>
          </section>
        </div>
      </div>
    </main>
  );
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
            </div>
          ))}
        </li>
      ))}
    </ol>
  );
}
