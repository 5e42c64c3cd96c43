/** The graph of a run with the state of each task; a loop is drawn once, with a stepper over its passes. */
import { useEffect, useMemo, useRef } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { Explanation, RunView } from '../../../api/run.ts';
import type { Instance } from '../../../../model/run.ts';
import { loopsOf, readPasses, shownInstances, writePasses } from '../../graph/loops.ts';
import type { FrameLook, NodeLook } from '../../graph/looks.ts';
import { TaskGraph } from '../../graph/task-graph.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Command } from '../../parts/pieces.tsx';
import { Status, statusWord } from '../../parts/status.tsx';
import { Took } from '../../parts/time.tsx';
import { RetryButton } from './actions.tsx';
import { Reason } from '../../parts/reason.tsx';

interface RunGraphProps {
  view: RunView;
  onDone: (message: string) => void;
}

export function RunGraph({ view, onDone }: RunGraphProps) {
  const { run, tasks, edges, instances, scopes, decisions, explanations } = view;
  const [search, setSearch] = useSearchParams();
  const passText = search.get('pass');
  const at = search.get('at');
  const loops = useMemo(() => loopsOf(tasks), [tasks]);
  const choice = useMemo(() => readPasses(passText), [passText]);
  const shown = useMemo(
    () => shownInstances(loops, instances, scopes, choice),
    [loops, instances, scopes, choice],
  );
  const over = run.status === 'done' || run.status === 'failed';
  const unchosen = useMemo(
    () => new Set(decisions.flatMap((each) => each.not_chosen)),
    [decisions],
  );
  const nodes = useMemo(() => {
    const passParam = passText ? `&pass=${encodeURIComponent(passText)}` : '';
    return new Map(
      tasks.map((task): [string, NodeLook] => {
        const list = shown.instances.get(task.id) ?? [];
        const instance = list.at(-1);
        return [
          task.id,
          {
            title: task.title,
            sub: instance ? attemptText(instance) : '',
            kind: task.control?.mode ?? 'work',
            status: instance ? worst(list) : 'absent',
            word: instance ? null : unchosen.has(task.id) ? 'Not chosen' : over ? null : 'Not yet',
            since: instance?.status === 'running' ? instance.started_at : null,
            href: instance ? `/runs/${run.id}?at=${instance.instance_id}${passParam}` : null,
            selected: list.some((each) => each.instance_id === at),
            faint: !instance,
            count: list.length,
            onPick: null,
          },
        ];
      }),
    );
  }, [tasks, shown, unchosen, over, run.id, at, passText]);
  const frames = useMemo(() => {
    const looks = new Map<string, FrameLook>();
    for (const loop of loops) {
      const passes = shown.passes.get(loop.controller) ?? { shown: 0, count: 1 };
      const step = (to: number): void => {
        const next = new Map(choice);
        if (to >= passes.count - 1) next.delete(loop.controller);
        else next.set(loop.controller, to);
        setSearch(
          (old) => {
            const params = new URLSearchParams(old);
            if (next.size > 0) params.set('pass', writePasses(next));
            else params.delete('pass');
            params.delete('at');
            return params;
          },
          { replace: true },
        );
      };
      looks.set(`loop ${loop.controller}`, {
        title: 'Loop',
        detail: (
          <span className="stepper nopan" role="group" aria-label={`Passes of ${loop.controller}`}>
            <button
              type="button"
              aria-label="Earlier pass"
              disabled={passes.shown === 0}
              onClick={() => step(passes.shown - 1)}
            >
              <Icon name="left" size={14} />
            </button>
            <span
              aria-live="polite"
              title={
                loop.maxIterations === null
                  ? 'Without a limit'
                  : `At most ${loop.maxIterations} times back to the start`
              }
            >
              Pass {passes.shown + 1} of {passes.count}
            </span>
            <button
              type="button"
              aria-label="Later pass"
              disabled={passes.shown >= passes.count - 1}
              onClick={() => step(passes.shown + 1)}
            >
              <Icon name="right" size={14} />
            </button>
          </span>
        ),
      });
    }
    for (const [id, title, detail] of blocks(nodes)) looks.set(id, { title, detail });
    return looks;
  }, [loops, shown, choice, setSearch, nodes]);
  const focus =
    instances.find(({ status }) => status === 'waiting' || status === 'failed')?.task_id ??
    instances.findLast(({ status }) => status === 'running')?.task_id ??
    null;
  const picked = at === null ? undefined : instances.find((each) => each.instance_id === at);
  return (
    <>
      <TaskGraph
        tasks={tasks}
        edges={edges}
        loops={loops}
        nodes={nodes}
        frames={frames}
        label="Graph of the run"
        focus={focus}
      />
      {picked && (
        <Peek
          view={view}
          instance={picked}
          siblings={shown.instances.get(picked.task_id) ?? []}
          explanation={explanations.find((each) => each.instance_id === at)}
          onDone={onDone}
          onClose={() =>
            setSearch(
              (old) => {
                const params = new URLSearchParams(old);
                params.delete('at');
                return params;
              },
              { replace: true },
            )
          }
        />
      )}
    </>
  );
}

function attemptText({ attempt, status, failure_kind: kind }: Instance): string {
  if (status === 'failed' && kind) return kind.replaceAll('_', ' ');
  return attempt > 1 ? `attempt ${attempt}` : '';
}

/** Of several instances of a task, the state that a person wants to hear of. */
const urgency: Instance['status'][] = [
  'failed',
  'waiting',
  'running',
  'runnable',
  'pending',
  'skipped',
  'done',
];
function worst(list: Instance[]): Instance['status'] {
  const found = urgency.find((status) => list.some((each) => each.status === status));
  return found ?? 'pending';
}

/** Titles of blocks: how many tasks are in which state. */
function blocks(nodes: Map<string, NodeLook>): [id: string, title: string, detail: null][] {
  // A block is named after its first task; the layout decides which blocks there are.
  return [...nodes.keys()].map((id) => [`block ${id}`, 'Side by side', null]);
}

interface PeekProps {
  view: RunView;
  instance: Instance;
  siblings: Instance[];
  explanation: Explanation | undefined;
  onDone: (message: string) => void;
  onClose: () => void;
}

/** An instance beside the graph: what it is at, and where to go from here. */
function Peek({ view, instance, siblings, explanation, onDone, onClose }: PeekProps) {
  const { run, tasks } = view;
  const panel = useRef<HTMLElement>(null);
  const task = tasks.find(({ id }) => id === instance.task_id);
  const href = `/runs/${run.id}/instances/${instance.instance_id}`;
  useEffect(() => {
    panel.current?.scrollIntoView({ block: 'nearest' });
  }, [instance.instance_id]);
  return (
    <aside ref={panel} className="panel peek" aria-label={`Instance ${instance.instance_id}`}>
      <h2>
        <Status status={instance.status} />
        <span className="ellipsis">{task?.title ?? instance.task_id}</span>
        <button type="button" className="quiet" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </h2>
      <div className="panel-body stack tight">
        {instance.error ? (
          <p className="tone-bad peek-why">{instance.error}</p>
        ) : (
          explanation &&
          instance.status !== 'running' && (
            <p className="peek-why">
              <Reason text={explanation.why} />
            </p>
          )
        )}
        <p className="row-sub">
          <span className="mono">{instance.instance_id}</span>
          {instance.attempt > 0 && (
            <span>
              attempt {instance.attempt},{' '}
              <Took from={instance.started_at} to={instance.finished_at} />
            </span>
          )}
          {instance.published.length > 0 && (
            <span>published {instance.published.map((each) => each.relative_path).join(', ')}</span>
          )}
        </p>
        {siblings.length > 1 && (
          <p className="row">
            {siblings.map((each) => (
              <Link
                key={each.instance_id}
                className="chip"
                href={`/runs/${run.id}/instances/${each.instance_id}`}
              >
                {each.instance_id} · {statusWord(each.status)}
              </Link>
            ))}
          </p>
        )}
        <div className="row">
          <Link href={href} className="button">
            Open
          </Link>
          {instance.blocking_interrupts.map((id) => (
            <Link key={id} href={`/inbox/${run.id}/${id}`} className="button primary">
              Answer the question
            </Link>
          ))}
          {instance.status === 'failed' && !run.aborted && (
            <RetryButton runId={run.id} instance={instance} onDone={onDone} />
          )}
          {explanation?.command && <Command words={explanation.command} />}
        </div>
      </div>
    </aside>
  );
}
