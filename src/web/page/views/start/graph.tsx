/** The graph to choose roots on: chosen, coming along, or left out. */
import { useMemo } from 'react';
import type { ProgramView } from '../../../api/program.ts';
import type { StartPreview } from '../../../api/start.ts';
import { loopsOf } from '../../graph/loops.ts';
import { frameLooks, type NodeLook } from '../../graph/looks.ts';
import { TaskGraph } from '../../graph/task-graph.tsx';

interface StartGraphProps {
  program: ProgramView;
  roots: string[];
  labels: string[];
  preview: StartPreview | null;
  onToggle: (id: string) => void;
}

export function StartGraph({ program, roots, labels, preview, onToggle }: StartGraphProps) {
  const { tasks, edges } = program;
  const loops = useMemo(() => loopsOf(tasks), [tasks]);
  const nodes = useMemo(() => {
    const planned = preview && new Set(preview.tasks.map(({ task_id: id }) => id));
    return new Map(
      tasks.map((task): [string, NodeLook] => {
        const chosen =
          roots.includes(task.id) || task.labels.some((label) => labels.includes(label));
        const comes = planned?.has(task.id) ?? false;
        return [
          task.id,
          {
            title: task.title,
            sub: chosen ? 'chosen' : comes ? 'comes along' : task.id,
            kind: task.control?.mode ?? 'work',
            status: null,
            word: null,
            since: null,
            until: null,
            href: null,
            selected: chosen,
            faint: planned !== null && !comes && !chosen,
            count: 1,
            items: null,
            onPick: () => onToggle(task.id),
            attempt: null,
          },
        ];
      }),
    );
  }, [tasks, roots, labels, preview, onToggle]);
  const frames = useMemo(() => frameLooks(tasks, loops, () => null), [loops, tasks]);
  return (
    <TaskGraph
      tasks={tasks}
      edges={edges}
      loops={loops}
      nodes={nodes}
      frames={frames}
      label="Choose what to run"
      focus={roots[0] ?? null}
    />
  );
}
