/** How the tasks and loops of a run look on its graph, in the passes that are shown. */
import type { TaskSpec } from '../../../../model/program.ts';
import { regionsOf } from '../../../../model/regions.ts';
import type { Instance } from '../../../../model/run.ts';
import type { Loop, ShownRun } from '../../graph/loops.ts';
import type { NodeLook } from '../../graph/looks.ts';
import { Icon } from '../../parts/icons.tsx';
import { countStatuses } from '../../parts/status-bar.tsx';

interface Around {
  runId: string;
  /** Nothing more is created. */
  over: boolean;
  /** Tasks that a controller did not choose. */
  unchosen: ReadonlySet<string>;
  /** The passes as the address has them. */
  passText: string | null;
  /** The instance that is looked at. */
  at: string | null;
}

export function nodeLooks(
  tasks: TaskSpec[],
  shown: ShownRun,
  { runId, over, unchosen, passText, at }: Around,
): Map<string, NodeLook> {
  const { stacks, bodies } = regionsOf(tasks);
  const toItems = (task: string): string => {
    const region = stacks.get(task)?.at(-1) ?? task;
    const rest = (bodies.get(region)?.size ?? 0) > 1 ? `&q=${encodeURIComponent(task)}` : '';
    return `/runs/${runId}/instances?region=${encodeURIComponent(region)}${rest}`;
  };
  const passParam = passText ? `&pass=${encodeURIComponent(passText)}` : '';
  return new Map(
    tasks.map((task): [string, NodeLook] => {
      const list = shown.instances.get(task.id) ?? [];
      const instance = list.at(-1);
      const isOfItems = list.length > 1 && (stacks.get(task.id) ?? []).length > 0;
      return [
        task.id,
        {
          title: task.title,
          sub: isOfItems ? itemsText(list) : instance ? attemptText(instance) : '',
          kind: task.control?.mode ?? 'work',
          status: instance ? worst(list) : 'absent',
          word: instance ? null : unchosen.has(task.id) ? 'Not chosen' : over ? null : 'Not yet',
          since: instance?.started_at ?? null,
          until:
            instance?.status === 'running'
              ? null
              : (instance?.finished_at ?? instance?.started_at ?? null),
          href: isOfItems
            ? toItems(task.id)
            : instance
              ? `/runs/${runId}?at=${instance.instance_id}${passParam}`
              : null,
          selected: list.some((each) => each.instance_id === at),
          faint: !instance,
          count: list.length,
          items: isOfItems ? JSON.stringify(countStatuses(inOrder(list))) : null,
          onPick: null,
          attempt:
            instance && instance.attempt > 0 && !isOfItems
              ? `${runId} ${instance.instance_id} ${instance.attempt}`
              : null,
        },
      ];
    }),
  );
}

/** `12 of 40 done` */
function itemsText(list: Instance[]): string {
  return `${list.filter(({ status }) => status === 'done').length} of ${list.length} done`;
}

/** Their states, what is done first, and what a person wants to hear of last. */
function inOrder(list: Instance[]): Instance['status'][] {
  const place = (status: Instance['status']): number => urgency.indexOf(status);
  return list.map(({ status }) => status).sort((a, b) => place(b) - place(a));
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

/** Which pass of a loop is shown, and the way to others. */
export function Stepper(props: {
  loop: Loop;
  shown: number;
  count: number;
  onStep: (to: number) => void;
}) {
  const { loop, shown, count, onStep } = props;
  return (
    <span className="stepper nopan" role="group" aria-label={`Passes of ${loop.controller}`}>
      <button
        type="button"
        aria-label="Earlier pass"
        disabled={shown === 0}
        onClick={() => onStep(shown - 1)}
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
        Pass {shown + 1} of {count}
      </span>
      <button
        type="button"
        aria-label="Later pass"
        disabled={shown >= count - 1}
        onClick={() => onStep(shown + 1)}
      >
        <Icon name="right" size={14} />
      </button>
    </span>
  );
}
