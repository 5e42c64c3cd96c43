/** What a person can do to a run. Each action says what it will do to this run before it does it. */
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { ActionResult, RunView } from '../../../api/run.ts';
import type { Instance } from '../../../../model/run.ts';
import { apiPath, sendJson } from '../../data/api.ts';
import { Confirm } from '../../parts/dialog.tsx';
import { Icon, type IconName } from '../../parts/icons.tsx';
import { Command } from '../../parts/pieces.tsx';
import { isHeld } from './waits.tsx';

type Action = 'resume' | 'reconcile' | 'abort' | 'delete';

const faces: Record<Action, { verb: string; icon: IconName }> = {
  resume: { verb: 'Resume', icon: 'play' },
  reconcile: { verb: 'Reconcile', icon: 'settle' },
  abort: { verb: 'Abort', icon: 'stop' },
  delete: { verb: 'Delete', icon: 'trash' },
};

/** Which actions make sense now, the one to take first in front. */
function offered(view: RunView): Action[] {
  const { run, holder } = view;
  if (run.aborted || run.status === 'done') return holder === null ? ['delete'] : [];
  const driven = holder !== null;
  const actions: Action[] = [];
  if (!driven) actions.push('resume');
  if (!driven && run.counts.running > 0) actions.push('reconcile');
  if (run.status !== 'failed' || driven || unfinished(view) > 0) actions.push('abort');
  else actions.push('delete');
  return actions;
}

function unfinished({ run: { counts } }: RunView): number {
  return counts.pending + counts.runnable + counts.running + counts.waiting;
}

function isOver({ run, holder }: RunView): boolean {
  return holder === null && (run.status === 'done' || run.status === 'failed');
}

/** The page that starts a run of the same, with the same inputs, to be edited or not. */
function likeHref({ run }: RunView): string {
  const query = new URLSearchParams();
  for (const root of run.roots) query.append('root', root);
  for (const label of run.labels) query.append('label', label);
  query.set('like', run.id);
  return `/start?${query.toString()}`;
}

interface RunActionsProps {
  view: RunView;
  onDone: (message: string) => void;
}

export function RunActions({ view, onDone }: RunActionsProps) {
  const [asked, ask] = useState<Action | null>(null);
  const [, go] = useLocation();
  const actions = offered(view);
  return (
    <div className="row">
      {isOver(view) && (
        <Link
          href={likeHref(view)}
          className={view.run.status === 'done' ? 'button primary' : 'button'}
        >
          <Icon name="retry" /> Run again
        </Link>
      )}
      {actions.map((action) => (
        <button
          key={action}
          type="button"
          className={action === 'resume' && isResumeNext(view) ? 'primary' : undefined}
          onClick={() => ask(action)}
        >
          <Icon name={faces[action].icon} /> {faces[action].verb}
        </button>
      ))}
      {asked && (
        <Confirm
          title={`${faces[asked].verb} this run?`}
          verb={faces[asked].verb}
          danger={asked === 'abort' || asked === 'delete'}
          onClose={() => ask(null)}
          onConfirm={async () => {
            if (asked === 'delete') {
              await sendJson('DELETE', apiPath('runs', view.run.id));
              go('/runs');
              return;
            }
            const path = apiPath('runs', view.run.id, asked);
            onDone((await sendJson<ActionResult>('POST', path)).message);
          }}
        >
          <Consequences action={asked} view={view} />
          <Command words={['run', asked, view.run.id]} />
        </Confirm>
      )}
    </div>
  );
}

function tasksOf(instances: Instance[]): string {
  const ids = [...new Set(instances.map(({ task_id: id }) => id))];
  return ids.length <= 4
    ? ids.join(', ')
    : `${ids.slice(0, 4).join(', ')} and ${ids.length - 4} more`;
}

/** Whether it is what to do next: where something else is, that stands with its button in the notices. */
function isResumeNext({ instances, interrupts, run }: RunView): boolean {
  const asks = interrupts.some(({ interrupt }) => interrupt.status === 'open');
  return (
    !asks &&
    run.answered === 0 &&
    !instances.some(isHeld) &&
    instances.some((each) => each.status === 'failed' && each.resume_recommended)
  );
}

/** Whether resuming would start anything at all. */
function resumeMoves({ instances, run }: RunView): boolean {
  const { counts } = run;
  return (
    counts.pending + counts.runnable + counts.running > 0 ||
    instances.some(
      (each) =>
        (each.status === 'failed' && each.resume_recommended) ||
        (each.status === 'waiting' && each.blocking_interrupts.length === 0),
    )
  );
}

function Consequences({ action, view }: { action: Action; view: RunView }) {
  const { instances, run } = view;
  const of = (test: (each: Instance) => boolean): Instance[] => instances.filter(test);
  switch (action) {
    case 'resume': {
      const revived = of((each) => each.status === 'failed' && each.resume_recommended);
      const left = of((each) => each.status === 'failed' && !each.resume_recommended);
      const asking = of((each) => each.status === 'waiting' && each.blocking_interrupts.length > 0);
      const answered = of(
        (each) =>
          each.status === 'waiting' &&
          each.waiting_reason === 'interrupts_pending' &&
          each.blocking_interrupts.length === 0,
      );
      return (
        <ul className="plain-list">
          <li>
            An engine starts in the background; closing this page or the server stops nothing.
          </li>
          {run.counts.running > 0 && (
            <li>It takes up {run.counts.running} running, or settles what ended meanwhile.</li>
          )}
          {answered.length > 0 && <li>It goes on with the answered: {tasksOf(answered)}.</li>}
          {revived.length > 0 && (
            <li>It tries again what failed for a passing reason: {tasksOf(revived)}.</li>
          )}
          {left.length > 0 && (
            <li>
              It leaves alone what failed for good: {tasksOf(left)}. Retry these one by one, where
              the cause is mended.
            </li>
          )}
          {asking.length > 0 && <li>Still held by open questions: {tasksOf(asking)}.</li>}
          {!resumeMoves(view) && <li>As it stands, nothing would start.</li>}
        </ul>
      );
    }
    case 'reconcile':
      return (
        <p>
          It looks at the {run.counts.running} marked running: what has ended is settled with what
          it left, and what is gone is marked so. A process that lives is left alone. Nothing new
          starts.
        </p>
      );
    case 'delete':
      return (
        <p>
          All that it has on disk goes: its log, what was published and what was printed, and its
          trees and refs. What was merged into a branch of yours stays. This cannot be undone.
        </p>
      );
    case 'abort':
      return (
        <ul className="plain-list">
          {run.counts.running > 0 && (
            <li>{run.counts.running} running: asked to stop, then killed after the grace.</li>
          )}
          {run.counts.pending + run.counts.runnable > 0 && (
            <li>{run.counts.pending + run.counts.runnable} not started: skipped.</li>
          )}
          {run.counts.waiting > 0 && (
            <li>{run.counts.waiting} waiting: failed; their questions lapse.</li>
          )}
          <li>What is done stays. The run is failed for good.</li>
        </ul>
      );
  }
}
