/** What holds a run up, said first: open questions, failures with their reasons, files not taken. */
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import type { Explanation, RunView } from '../../../api/run.ts';
import type { Instance, Interrupt } from '../../../../model/run.ts';
import { OutputTail } from '../../parts/output-tail.tsx';
import { Box, Command } from '../../parts/pieces.tsx';
import { questionTitle } from '../../parts/question-row.tsx';
import { Ago } from '../../parts/time.tsx';
import { instanceStatusName } from '../../parts/status.tsx';
import { itemNames } from './item-names.ts';
import { isHeld, Waits } from './waits.tsx';
import { ResumeButton } from '../../parts/resume-button.tsx';
import { RetryButton } from './retry.tsx';

const shownAtOnce = 4;
/** As much as anybody reads before deciding. */
const tailLines = 24;

interface NeedsProps {
  view: RunView;
  onDone: (message: string) => void;
}

export function Needs({ view, onDone }: NeedsProps) {
  const { run, interrupts, instances, explanations, refused_files: refused } = view;
  const ended = run.aborted;
  const open = ended ? [] : interrupts.filter(({ interrupt }) => interrupt.status === 'open');
  const failed = instances.filter(
    (instance) => instance.status === 'failed' && instanceStatusName(instance) !== 'stopped',
  );
  const stopped = instances.filter((instance) => instanceStatusName(instance) === 'stopped');
  const why = new Map(explanations.map((each) => [each.instance_id, each]));
  const answered = instances.filter(
    ({ status, waiting_reason: reason, blocking_interrupts: held }) =>
      status === 'waiting' && reason === 'interrupts_pending' && held.length === 0,
  );
  const items = useMemo(() => itemNames(view.scopes), [view.scopes]);
  const undone = run.counts.running + run.counts.runnable + run.counts.pending;
  const idle = !view.holder && !ended && undone > 0 && !instances.some(isHeld);
  return (
    <>
      {open.slice(0, shownAtOnce).map(({ interrupt }) => (
        <Asked key={interrupt.interrupt_id} runId={run.id} interrupt={interrupt} />
      ))}
      {open.length > shownAtOnce && (
        <p className="faint">
          {open.length - shownAtOnce} more open questions are in the{' '}
          <Link href="/inbox">inbox</Link>.
        </p>
      )}
      {ended && (
        <Box tone="info" icon="info">
          The run was aborted: it is over. Its questions are closed, and nothing in it can be
          resumed or retried; what it left can be looked at.
        </Box>
      )}
      {answered.length > 0 && !view.holder && !ended && (
        <Box tone="wait" icon="person">
          <div className="row between">
            <p className="grow">
              {answered.map(({ task_id: id }) => id).join(', ')}: all is answered, and nobody drives
              this run.
            </p>
            <ResumeButton runId={run.id} onDone={onDone} />
          </div>
        </Box>
      )}
      {stopped.length > 0 && !view.holder && !ended && (
        <Box tone="info" icon="info">
          <div className="row between">
            <p className="grow">
              {stopped.map(({ task_id: id }) => id).join(', ')}: stopped by a person. Resume the run
              to go on.
            </p>
            <ResumeButton runId={run.id} onDone={onDone} />
          </div>
        </Box>
      )}
      <Waits view={view} why={why} onDone={onDone} />
      {failed.slice(0, shownAtOnce).map((instance, index) => (
        <Failed
          key={instance.instance_id}
          runId={run.id}
          instance={instance}
          item={items.get(instance.input_scope_id)}
          explanation={why.get(instance.instance_id)}
          retry={!ended}
          isFirst={index === 0}
          onDone={onDone}
        />
      ))}
      {failed.length > shownAtOnce && (
        <p className="faint">
          {failed.length - shownAtOnce} more failed:{' '}
          <Link href={`/runs/${run.id}/instances?status=failed`}>see all</Link>.
        </p>
      )}
      {idle && open.length === 0 && failed.length + stopped.length + answered.length === 0 && (
        <Box tone="wait" icon="person">
          <div className="row between">
            <p className="grow">Nobody drives this run: it does not go on by itself.</p>
            <ResumeButton runId={run.id} onDone={onDone} />
          </div>
        </Box>
      )}
      {refused.map(({ file, reason }) => (
        <Box key={file} tone="bad" icon="warn">
          <p>
            A file in the inbox was not taken: <code>{file}</code>
          </p>
          <p className="faint">{reason}</p>
        </Box>
      ))}
    </>
  );
}

function Asked({ runId, interrupt }: { runId: string; interrupt: Interrupt }) {
  const human = interrupt.audience === 'human';
  return (
    <Box tone={human ? 'wait' : 'info'} icon={human ? 'person' : 'robot'}>
      <div className="row between">
        <div className="grow">
          <p className="need-title">{questionTitle(interrupt.question)}</p>
          <p className="faint">
            {interrupt.task_id ?? 'The run'} asked{' '}
            {human ? 'a person' : (interrupt.resolved_target_role_id ?? 'an assistant')}{' '}
            <Ago time={interrupt.created_at} />
            {interrupt.blocking ? ', and waits' : ', and goes on meanwhile'}
          </p>
        </div>
        <Link
          href={`/inbox/${runId}/${interrupt.interrupt_id}`}
          className={human ? 'button primary' : 'button'}
        >
          {human ? 'Answer' : 'Look'}
        </Link>
      </div>
    </Box>
  );
}

interface FailedProps {
  runId: string;
  instance: Instance;
  /** What it is for, of a list. */
  item: string | undefined;
  explanation: Explanation | undefined;
  retry: boolean;
  /** Its output is shown at once, and its button is the one to press. */
  isFirst: boolean;
  onDone: (message: string) => void;
}

function Failed(props: FailedProps) {
  const { runId, instance, item, explanation, retry, isFirst, onDone } = props;
  const [open, setOpen] = useState(isFirst);
  return (
    <Box tone="bad" icon="error">
      <div className="row between top">
        <div className="grow">
          <p className="need-title">
            <Link href={`/runs/${runId}/instances/${instance.instance_id}`}>
              {instance.task_id}
              {item !== undefined && ` ${item}`}
            </Link>{' '}
            failed
            {instance.attempt > 1 ? ` in attempt ${instance.attempt}` : ''}
          </p>
          <p>{instance.error ?? explanation?.why}</p>
          {instance.resume_recommended && (
            <p className="faint">Trying the same again can help: resume does.</p>
          )}
        </div>
        {retry && (
          <RetryButton
            runId={runId}
            instance={instance}
            isPrimary={isFirst && !instance.resume_recommended}
            onDone={onDone}
          />
        )}
      </div>
      <div className="stack tight need-more">
        {open && (
          <OutputTail
            runId={runId}
            instanceId={instance.instance_id}
            attempt={instance.attempt}
            most={tailLines}
          />
        )}
        <div className="row">
          {open ? (
            <Link href={`/runs/${runId}/instances/${instance.instance_id}`}>All of its output</Link>
          ) : (
            <button type="button" className="link" onClick={() => setOpen(true)}>
              Its last lines
            </button>
          )}
          {retry && explanation?.command && <Command words={explanation.command} />}
        </div>
      </div>
    </Box>
  );
}
