/** The graph of the authored tasks. */
import { useMemo } from 'react';
import type { ProgramView } from '../../../api/program.ts';
import { loopsOf } from '../../graph/loops.ts';
import { frameLooks, type NodeLook } from '../../graph/looks.ts';
import { TaskGraph } from '../../graph/task-graph.tsx';

export function ProgramGraph({ program }: { program: ProgramView }) {
  const { tasks, edges } = program;
  const loops = useMemo(() => loopsOf(tasks), [tasks]);
  const nodes = useMemo(
    () =>
      new Map(
        tasks.map((task): [string, NodeLook] => [
          task.id,
          {
            title: task.title,
            sub: `${task.agent}${task.status === 'ready' ? '' : ` · ${task.status}`}`,
            kind: task.control?.mode ?? 'work',
            status: null,
            word: null,
            since: null,
            until: null,
            href: `/program/tasks/${task.id}`,
            selected: false,
            faint: task.status === 'archived' || task.status === 'blocked',
            count: 1,
            items: null,
            onPick: null,
            attempt: null,
          },
        ]),
      ),
    [tasks],
  );
  const frames = useMemo(
    () =>
      frameLooks(tasks, loops, ({ maxIterations }) =>
        maxIterations === null ? null : (
          <span className="faint">at most {maxIterations} times</span>
        ),
      ),
    [loops, tasks],
  );
  return (
    <TaskGraph
      tasks={tasks}
      edges={edges}
      loops={loops}
      nodes={nodes}
      frames={frames}
      label="Graph of the program"
      fill
    />
  );
}
