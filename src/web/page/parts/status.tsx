/** The state of an instance, attempt, run or question: a shape, a word and a colour, never colour alone. */
import type { ReactNode } from 'react';
import type { InstanceStatus, InterruptStatus, ProposalStatus } from '../../../model/run.ts';

export type StatusName =
  | InstanceStatus
  | InterruptStatus
  | ProposalStatus
  | 'aborted'
  | 'written'
  | 'stopped'
  | 'left'
  | 'answered'
  | 'absent'
  | 'damaged';

/** What a reader sees. `runnable` is jargon; the title says more. */
const words: Record<StatusName, [word: string, tone: string, title: string]> = {
  pending: ['Pending', 'idle', 'Waits for what it depends on'],
  runnable: ['Ready', 'ready', 'Starts as soon as a slot is free'],
  running: ['Running', 'run', 'An attempt is at work'],
  waiting: ['Waiting', 'wait', 'A question is open, or a lock is taken; nothing runs'],
  done: ['Done', 'ok', 'Finished, and its artifacts are published'],
  failed: ['Failed', 'bad', 'Its last attempt failed'],
  skipped: ['Skipped', 'idle', 'Something that it depends on failed or was skipped'],
  open: ['Open', 'wait', 'Nobody has answered yet'],
  resolved: ['Answered', 'ready', 'Answered; no attempt has received it yet'],
  applied: ['Delivered', 'ok', 'An attempt has received the answer'],
  closed: ['Closed', 'idle', 'The run is over: nobody waits for an answer any more'],
  proposed: ['Proposed', 'wait', 'Nobody has decided yet'],
  accepted: ['Accepted', 'ready', 'Accepted; not written into the program yet'],
  rejected: ['Rejected', 'idle', 'Turned down'],
  written: ['Applied', 'ok', 'Written into the program'],
  aborted: ['Aborted', 'bad', 'Stopped for good by a person'],
  stopped: ['Stopped', 'idle', 'Stopped by a person; resume goes on with it'],
  left: [
    'Nobody drives it',
    'wait',
    'Something is left to do, and nobody drives the run: resume it',
  ],
  answered: ['Answered', 'wait', 'Answered, and nobody drives the run: resume it'],
  absent: ['Not reached', 'idle', 'Nothing of this task exists here yet'],
  damaged: ['Damaged', 'bad', 'It cannot be read'],
};

const glyphs: Record<StatusName, ReactNode> = {
  pending: <circle cx="8" cy="8" r="5" strokeDasharray="2.4 2.2" />,
  runnable: (
    <>
      <circle cx="8" cy="8" r="5" />
      <circle cx="8" cy="8" r="1.5" fill="currentColor" stroke="none" />
    </>
  ),
  running: (
    <>
      <circle cx="8" cy="8" r="5" opacity=".3" />
      <path className="spin" d="M8 3a5 5 0 0 1 5 5" />
    </>
  ),
  waiting: (
    <>
      <path d="M2.800 3.500h10.400v7H8.500L5.500 13v-2.500H2.800z" />
      <path d="M5.600 7h.1M8 7h.1M10.400 7h.1" strokeWidth="1.800" />
    </>
  ),
  done: (
    <>
      <circle cx="8" cy="8" r="5.500" fill="currentColor" stroke="none" />
      <path className="cut" d="m5.600 8.200 1.700 1.600 3.100-3.400" />
    </>
  ),
  failed: (
    <>
      <path
        fill="currentColor"
        stroke="none"
        d="M5.600 2.500h4.800l3.100 3.100v4.800l-3.100 3.100H5.600l-3.100-3.100V5.600z"
      />
      <path className="cut" d="m6.200 6.200 3.600 3.600M9.800 6.200 6.200 9.800" />
    </>
  ),
  skipped: (
    <>
      <circle cx="8" cy="8" r="5" />
      <path d="m4.700 11.300 6.600-6.600" />
    </>
  ),
  open: <path d="M2.800 3.500h10.400v7H8.500L5.500 13v-2.500H2.800z" />,
  resolved: (
    <>
      <circle cx="8" cy="8" r="5" />
      <path d="m5.800 8.200 1.500 1.500 2.900-3.200" />
    </>
  ),
  closed: (
    <>
      <circle cx="8" cy="8" r="5" />
      <path d="m4.700 11.300 6.600-6.600" />
    </>
  ),
  applied: (
    <>
      <circle cx="8" cy="8" r="5.500" fill="currentColor" stroke="none" />
      <path className="cut" d="m5.600 8.200 1.700 1.600 3.100-3.400" />
    </>
  ),
  proposed: <path d="M8 2.500 13.500 8 8 13.500 2.500 8z" />,
  accepted: (
    <>
      <circle cx="8" cy="8" r="5" />
      <path d="m5.800 8.200 1.500 1.500 2.900-3.200" />
    </>
  ),
  rejected: (
    <>
      <circle cx="8" cy="8" r="5" />
      <path d="m4.700 11.300 6.600-6.600" />
    </>
  ),
  written: (
    <>
      <circle cx="8" cy="8" r="5.500" fill="currentColor" stroke="none" />
      <path className="cut" d="m5.600 8.200 1.700 1.600 3.100-3.400" />
    </>
  ),
  aborted: (
    <>
      <path d="M5.600 2.500h4.800l3.100 3.100v4.800l-3.100 3.100H5.600l-3.100-3.100V5.600z" />
      <path d="M6 6h4v4H6z" fill="currentColor" />
    </>
  ),
  stopped: (
    <>
      <circle cx="8" cy="8" r="5" />
      <path d="M6.500 6v4M9.500 6v4" />
    </>
  ),
  left: (
    <>
      <circle cx="8" cy="8" r="5" />
      <path d="M6.500 6v4M9.500 6v4" />
    </>
  ),
  answered: (
    <>
      <circle cx="8" cy="8" r="5" />
      <path d="m5.800 8.200 1.500 1.500 2.900-3.200" />
    </>
  ),
  absent: <circle cx="8" cy="8" r="5" strokeDasharray="1 2.600" />,
  damaged: <path d="M8 2.500 14 13H2zM8 6.500v3M8 11.200v.1" />,
};

export function statusTone(status: StatusName): string {
  return words[status][1];
}

export function statusWord(status: StatusName): string {
  return words[status][0];
}

export function StatusGlyph({ status, size = 16 }: { status: StatusName; size?: number }) {
  return (
    <svg
      className={`glyph tone-${statusTone(status)}`}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.500"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {glyphs[status]}
    </svg>
  );
}

/** Shape and word together. */
export function Status({ status, pill = false }: { status: StatusName; pill?: boolean }) {
  const [word, tone, title] = words[status];
  return (
    <span className={`status tone-${tone}${pill ? ' pill' : ''}`} title={title}>
      <StatusGlyph status={status} />
      <span>{word}</span>
    </span>
  );
}

/** How a list or a header names a run's state. */
export function runStatusName(run: {
  status: string;
  aborted: boolean;
  stopped: boolean;
  answered: number;
  driven: boolean;
  damage: string | null;
}): StatusName {
  if (run.damage !== null) return 'damaged';
  if (run.aborted) return 'aborted';
  if (run.stopped) return 'stopped';
  if (run.status === 'pending') return run.driven ? 'pending' : 'left';
  if (run.status === 'running' && !run.driven) return 'left';
  if (run.status === 'waiting' && run.answered > 0 && !run.driven) return 'answered';
  return run.status as StatusName;
}

/** An instance that a person stopped has not failed. */
export function instanceStatusName(instance: {
  status: InstanceStatus;
  failure_kind: string | null;
}): StatusName {
  const isStopped = instance.status === 'failed' && instance.failure_kind === 'interrupted';
  return isStopped ? 'stopped' : instance.status;
}

/** Of a proposal, `applied` says something else than of an answer. */
export function proposalStatusName(status: ProposalStatus): StatusName {
  return status === 'applied' ? 'written' : status;
}
