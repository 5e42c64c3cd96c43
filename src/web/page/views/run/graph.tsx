/** The graph of a run with the state of each task; a loop is drawn once, with a stepper over its passes. */
import { useCallback, useMemo, type ReactNode } from 'react';
import { useSearchParams } from 'wouter';
import { regionsOf } from '../../../../model/regions.ts';
import type { RunView } from '../../../api/run.ts';
import { loopsOf, readPasses, shownInstances, writePasses, type Loop } from '../../graph/loops.ts';
import { frameLooks } from '../../graph/looks.ts';
import { TaskGraph } from '../../graph/task-graph.tsx';
import { nodeLooks, Stepper } from './graph-looks.tsx';
import { itemFinder, regionLook } from '../../graph/region-look.ts';
import { Peek } from './peek.tsx';

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
  const nodes = useMemo(
    () => nodeLooks(tasks, shown, { runId: run.id, over, unchosen, passText, at }),
    [tasks, shown, run.id, over, unchosen, passText, at],
  );
  const edit = useCallback(
    (change: (params: URLSearchParams) => void): void =>
      setSearch(
        (old) => {
          const params = new URLSearchParams(old);
          change(params);
          return params;
        },
        { replace: true },
      ),
    [setSearch],
  );
  const { bodies } = useMemo(() => regionsOf(tasks), [tasks]);
  const itemOf = useMemo(() => itemFinder(scopes), [scopes]);
  const frames = useMemo(() => {
    /** null: always the latest pass. */
    const step = (controller: string, to: number | null): void => {
      const next = new Map(choice);
      if (to === null) next.delete(controller);
      else next.set(controller, to);
      edit((params) => {
        if (next.size > 0) params.set('pass', writePasses(next));
        else params.delete('pass');
        params.delete('at');
      });
    };
    const stepper = (loop: Loop): ReactNode => {
      const passes = shown.passes.get(loop.controller) ?? { shown: 0, count: 1 };
      return (
        <Stepper
          loop={loop}
          {...passes}
          onStep={(to) => step(loop.controller, to >= passes.count - 1 ? null : to)}
        />
      );
    };
    return frameLooks(tasks, loops, stepper, (task) => {
      const within = [...(bodies.get(task.id) ?? [])];
      const list = within.flatMap((id) => shown.instances.get(id) ?? []);
      return regionLook(run.id, task.id, list, itemOf);
    });
  }, [tasks, loops, shown, choice, edit, bodies, itemOf, run.id]);
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
        fill
        foldsRegions
        focus={focus}
      />
      {picked && (
        <Peek
          view={view}
          instance={picked}
          siblings={shown.instances.get(picked.task_id) ?? []}
          explanation={explanations.find((each) => each.instance_id === at)}
          onDone={onDone}
          onClose={() => edit((params) => params.delete('at'))}
        />
      )}
    </>
  );
}
