/** Whether each notification goes to one place. Pure. */
import type { NotifyTarget, ProjectSpec } from '../../model/program.ts';
import type { Add } from './finding.ts';

const ways = ['command', 'webhook', 'slack', 'desktop'] as const;

export function checkNotify({ notify = [] }: ProjectSpec, add: Add): void {
  for (const [index, { to }] of notify.entries()) {
    const problem = targetProblem(to);
    if (problem !== null) add('error', 'notify.target', ['notify', index, 'to'], problem);
  }
}

/** What is wrong with a target, as a sentence without a full stop; null: nothing. */
export function targetProblem(target: NotifyTarget): string | null {
  const set = ways.filter((way) => target[way] !== undefined);
  if (set.length !== 1) {
    return `"to" takes one of ${ways.join(', ')}${set.length === 0 ? '' : `, not ${set.join(' and ')}`}`;
  }
  if (target.secret_env === undefined || target.webhook !== undefined) return null;
  return '"secret_env" goes with "webhook"';
}
