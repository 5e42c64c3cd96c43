/** All instances of a run, with why each unfinished one is where it is. */
import { memo, useMemo } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { RunView } from '../../../api/run.ts';
import { instanceStatusOrder } from '../instance/instance-status-order.ts';
import type { Instance } from '../../../../model/run.ts';
import { loopsOf, passCounter } from '../../graph/loops.ts';
import { Filters } from '../../parts/filters.tsx';
import { Empty, shortId } from '../../parts/pieces.tsx';
import { instanceStatusName, Status, statusWord } from '../../parts/status.tsx';
import { Took } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { sentence } from '../../parts/sentence.ts';

const rowHeight = 52;

export function InstanceList({ view }: { view: RunView }) {
  const { run, instances, explanations, tasks, scopes } = view;
  const [search, setSearch] = useSearchParams();
  const status = search.get('status');
  const titles = useMemo(() => new Map(tasks.map((task) => [task.id, task.title])), [tasks]);
  const why = useMemo(
    () => new Map(explanations.map((each) => [each.instance_id, each.why])),
    [explanations],
  );
  const passes = useMemo(() => {
    const loops = loopsOf(tasks);
    const count = passCounter(loops, scopes);
    return (instance: Instance): string =>
      loops
        .filter(({ body }) => body.has(instance.task_id))
        .map((loop) => `pass ${count(loop, instance.input_scope_id) + 1}`)
        .join(', ');
  }, [tasks, scopes]);
  const shown = useMemo(
    () => (status === null ? instances : instances.filter((each) => each.status === status)),
    [instances, status],
  );
  return (
    <>
      <Filters
        label="Show only"
        options={[null, ...instanceStatusOrder].filter(
          (each) => each === null || run.counts[each] > 0 || each === status,
        )}
        current={status}
        onChoose={(each) => setSearch(each === null ? {} : { status: each }, { replace: true })}
      >
        {(each) => (
          <>
            {each === null ? 'All' : statusWord(each)}{' '}
            <span className="num faint">
              {each === null ? run.instance_count : run.counts[each]}
            </span>
          </>
        )}
      </Filters>
      <div className="panel">
        {shown.length === 0 ? (
          <Empty title="None">
            {instances.length === 0 &&
              'Instances are created as soon as what they depend on exists.'}
          </Empty>
        ) : (
          <VirtualRows
            count={shown.length}
            rowHeight={rowHeight}
            label="Instances"
            row={(index) => {
              const instance = shown[index];
              return (
                instance && (
                  <Row
                    key={instance.instance_id}
                    runId={run.id}
                    instance={instance}
                    title={titles.get(instance.task_id) ?? instance.task_id}
                    pass={passes(instance)}
                    why={instance.error ?? why.get(instance.instance_id) ?? ''}
                  />
                )
              );
            }}
          />
        )}
      </div>
    </>
  );
}

interface RowProps {
  runId: string;
  instance: Instance;
  title: string;
  pass: string;
  why: string;
}

const Row = memo(function Row({ runId, instance, title, pass, why }: RowProps) {
  return (
    <div role="listitem" className="instance-row">
      <Link href={`/runs/${runId}/instances/${instance.instance_id}`} className="row-link">
        <span className="instance-status">
          <Status status={instanceStatusName(instance)} />
        </span>
        <span className="grow">
          <span className="run-line">
            <span className="ellipsis run-what">{title}</span>
            {pass && <span className="chip">{pass}</span>}
            <span className="faint mono run-id">{shortId(instance.instance_id)}</span>
          </span>
          <span className="instance-why ellipsis faint" title={why}>
            {why && instance.status !== 'running'
              ? sentence(why)
              : instance.attempt > 1
                ? `in attempt ${instance.attempt}`
                : instance.task_id}
          </span>
        </span>
        <span className="instance-took faint">
          {instance.started_at && <Took from={instance.started_at} to={instance.finished_at} />}
        </span>
      </Link>
    </div>
  );
});
