/** Starting a run: what to run, with which inputs, and what that means; then the start. */
import { lazy, Suspense, useMemo, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { ProgramView } from '../../../api/program.ts';
import type { RunView } from '../../../api/run.ts';
import type { StartBody } from '../../../api/start.ts';
import type { JsonObject } from '../../../../model/json.ts';
import type { Uncommitted } from '../../../../model/trees.ts';
import { apiPath } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { useTitle } from '../../data/title.ts';
import { FailureView } from '../../parts/failure.tsx';
import { Empty, Pending } from '../../parts/pieces.tsx';
import { StartInputs } from './inputs.tsx';
import { StartPlan } from './plan.tsx';
import { useStarting } from './preview.ts';
import { UncommittedChoice } from './uncommitted.tsx';
import './start.css';

const StartGraph = lazy(async () => ({ default: (await import('./graph.tsx')).StartGraph }));

export function StartView() {
  const { data, error } = useResource<ProgramView>('/api/program');
  const [search] = useSearchParams();
  const like = search.get('like');
  const old = useResource<RunView>(like === null ? null : apiPath('runs', like));
  useTitle('Start a run');
  if (!data) return error ? <FailureView failure={error} /> : <Pending rows={8} />;
  if (like !== null && !old.data && !old.error) return <Pending rows={8} />;
  return <Start key={like} program={data} like={old.data} />;
}

/** `like`: the run whose inputs it begins with. */
function Start({ program, like }: { program: ProgramView; like: RunView | null }) {
  const [search, setSearch] = useSearchParams();
  const [inputs, setInputs] = useState<JsonObject>(like?.user_inputs ?? {});
  const [badInputs, setBadInputs] = useState<ReadonlySet<string>>(new Set());
  const [assistants, setAssistants] = useState(program.project.assistants === 'inline');
  const [title, setTitle] = useState('');
  const [uncommitted, setUncommitted] = useState<Uncommitted | null>(null);
  const roots = useMemo(() => search.getAll('root'), [search]);
  const labels = useMemo(() => search.getAll('label'), [search]);
  const body: StartBody = useMemo(
    () => ({
      ...{ roots, labels, inputs, assistants },
      ...(title.trim() === '' ? {} : { title }),
      ...(uncommitted ? { uncommitted } : {}),
    }),
    [roots, labels, inputs, assistants, title, uncommitted],
  );
  const starting = useStarting(body, program.hash);
  const choose = (nextRoots: string[], nextLabels: string[]): void => {
    const params = new URLSearchParams();
    for (const root of nextRoots) params.append('root', root);
    for (const label of nextLabels) params.append('label', label);
    if (like) params.set('like', like.run.id);
    setSearch(params, { replace: true });
  };
  if (program.tasks.length === 0) return <NoTasks />;
  return (
    <main className="view">
      <div className="page-head">
        <div>
          <h1>Start a run</h1>
          <p className="faint">
            {like
              ? `As run ${like.run.id}: the same tasks and inputs. Change what you want.`
              : 'Choose the tasks you want done. What they depend on, and what they may route to, comes along.'}
          </p>
        </div>
      </div>
      <div className="stack">
        <Labels
          program={program}
          chosen={labels}
          onToggle={(label) => choose(roots, toggled(labels, label))}
        />
        <Suspense fallback={<Pending rows={6} />}>
          <StartGraph
            program={program}
            roots={roots}
            labels={labels}
            preview={starting.preview}
            onToggle={(id) => choose(toggled(roots, id), labels)}
          />
        </Suspense>
        <div className="start-layout">
          <StartInputs
            inputs={program.inputs}
            given={inputs}
            onChange={setInputs}
            onBad={setBadInputs}
            preview={starting.preview}
          />
          <StartPlan body={body} starting={starting} blocked={badInputs.size > 0}>
            {(uncommitted || starting.failure?.body.code === 'repository-dirty') && (
              <UncommittedChoice chosen={uncommitted} onChoose={setUncommitted} />
            )}
            <label className="field">
              <span className="label">
                Title <span className="faint">optional</span>
              </span>
              <input
                type="text"
                value={title}
                maxLength={200}
                placeholder="What you call this run"
                onChange={(event) => setTitle(event.target.value)}
              />
            </label>
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
          </StartPlan>
        </div>
      </div>
    </main>
  );
}

function toggled(list: string[], each: string): string[] {
  return list.includes(each) ? list.filter((other) => other !== each) : [...list, each];
}

function NoTasks() {
  return (
    <main className="view narrow">
      <h1>Start a run</h1>
      <Empty title="No task yet">
        <Link href="/program/new">Write the first one</Link>
      </Empty>
    </main>
  );
}

interface LabelsProps {
  program: ProgramView;
  chosen: string[];
  onToggle: (label: string) => void;
}

function Labels({ program, chosen, onToggle }: LabelsProps) {
  const all = [...new Set(program.tasks.flatMap((task) => task.labels))].sort();
  if (all.length === 0) return null;
  return (
    <div className="row" role="group" aria-label="By label">
      <span className="label">By label</span>
      {all.map((label) => (
        <button
          key={label}
          type="button"
          className={chosen.includes(label) ? 'filter on' : 'filter'}
          aria-pressed={chosen.includes(label)}
          onClick={() => onToggle(label)}
        >
          #{label}
        </button>
      ))}
    </div>
  );
}
