/** What waits for time, for an account or for another run: what is waited for, since when, until when, and what would end it. */
import { Link } from 'wouter';
import type { Explanation, RunView } from '../../../api/run.ts';
import type { Instance, WaitingReason } from '../../../../model/run.ts';
import { Box, Command } from '../../parts/pieces.tsx';
import { Reason } from '../../parts/reason.tsx';
import { ResumeButton } from '../../parts/resume-button.tsx';
import { Ago, ClockTime } from '../../parts/time.tsx';
import { isRetryable, RetryButton } from './retry.tsx';

/** Those that no question tells of. */
const reasons: Partial<Record<WaitingReason, string>> = {
  delay: 'tried again later',
  usage_limit: 'held by a usage limit',
  lock: 'held by a lock',
};

export function isHeld({ status, waiting_reason: reason }: Instance): boolean {
  return status === 'waiting' && reason !== null && reasons[reason] !== undefined;
}

interface WaitsProps {
  view: RunView;
  why: ReadonlyMap<string, Explanation>;
  onDone: (message: string) => void;
}

export function Waits({ view, why, onDone }: WaitsProps) {
  const { run, instances, holder } = view;
  if (run.aborted) return null;
  return (Object.keys(reasons) as WaitingReason[]).map((reason) => {
    const waiting = instances.filter((each) => isHeld(each) && each.waiting_reason === reason);
    const [first] = waiting;
    if (first === undefined) return null;
    const explanation = why.get(first.instance_id);
    return (
      <Box key={reason} tone={holder ? 'info' : 'wait'} icon="clock">
        <div className="row between top">
          <div className="grow stack tight">
            <p className="need-title">
              <Names run={run.id} instances={waiting} /> {reasons[reason]}
              <Until instances={waiting} />
            </p>
            {explanation && (
              <p>
                <Reason text={explanation.why} />
              </p>
            )}
            <p className="faint">
              {first.attempts.at(-1)?.finished_at && (
                <>
                  Since <Ago time={first.attempts.at(-1)?.finished_at ?? ''} />.{' '}
                </>
              )}
              {holder
                ? 'It goes on by itself.'
                : 'Nobody drives the run: it does not go on by itself.'}
            </p>
            {explanation?.command && <Command words={explanation.command} />}
          </div>
          {waiting.length === 1 && isRetryable(first) && (
            <RetryButton runId={run.id} instance={first} onDone={onDone} />
          )}
          {!holder && <ResumeButton runId={run.id} onDone={onDone} />}
        </div>
      </Box>
    );
  });
}

const named = 3;

function Names({ run, instances }: { run: string; instances: Instance[] }) {
  const more = instances.length - named;
  return (
    <>
      {instances.slice(0, named).map(({ instance_id: id, task_id: task }, index) => (
        <span key={id}>
          {index > 0 && ', '}
          <Link href={`/runs/${run}/instances/${id}`}>{task}</Link>
        </span>
      ))}
      {more > 0 && ` and ${more} more`} {instances.length === 1 ? 'is' : 'are'}
    </>
  );
}

/** The first of them. */
function Until({ instances }: { instances: Instance[] }) {
  const [first] = instances.flatMap((each) => each.waiting_until ?? []).sort();
  return first === undefined ? null : (
    <>
      , until <ClockTime time={first} />
    </>
  );
}
