/** All instances of a run, with why each unfinished one is where it is. */
import { memo, useMemo } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { RunView } from '../../../api/run.ts';
import { instanceStatusOrder } from '../instance/instance-status-order.ts';
import type { Instance } from '../../../../model/run.ts';
import { loopsOf, passCounter } from '../../graph/loops.ts';
import { Filters } from '../../parts/filters.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, shortId } from '../../parts/pieces.tsx';
import { matches, SearchField, useSearchText } from '../../parts/search-field.tsx';
import { instanceStatusName, Status, statusWord } from '../../parts/status.tsx';
import { itemNames } from './item-names.ts';
import { Took } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { sentence } from '../../parts/sentence.ts';
import { itemFinder } from '../../graph/region-look.ts';

const rowHeight = 52;

export function InstanceList({ view }: { view: RunView }) {
  const { run, instances, explanations, tasks, scopes } = view;
  const [params] = useSearchParams();
  const [text, set] = useSearchText();
  const status = params.get('status');
  const sort = params.get('sort') ?? 'created';
  const titles = useMemo(() => new Map(tasks.map((task) => [task.id, task.title])), [tasks]);
  const agents = useMemo(() => new Map(tasks.map((task) => [task.id, task.agent])), [tasks]);
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
  const items = useMemo(() => itemNames(scopes), [scopes]);
  const region = params.get('region');
  const itemOf = useMemo(() => itemFinder(scopes), [scopes]);
  const shown = useMemo(() => {
    const isFound = (each: Instance): boolean =>
      matches(
        [
          searchText(each, titles, why),
          items.get(each.input_scope_id),
          each.agent ?? agents.get(each.task_id),
          each.started_at,
        ].join(' '),
        text,
      );
    return instances
      .filter((each) => region === null || itemOf(region, each.input_scope_id) !== null)
      .filter((each) => status === null || each.status === status)
      .filter((each) => text === '' || isFound(each))
      .sort(orders[sort] ?? (() => 0));
  }, [instances, status, text, sort, titles, agents, why, items, region, itemOf]);
  return (
    <>
      <div className="list-tools">
        <SearchField label="Search the instances" found={shown.length} />
        <select
          aria-label="In which order"
          value={sort}
          onChange={({ target: { value } }) => set('sort', value === 'created' ? null : value)}
        >
          <option value="created">As they were created</option>
          <option value="urgent">What needs a look first</option>
          <option value="longest">The longest first</option>
          <option value="latest">The latest first</option>
        </select>
        {region !== null && (
          <button type="button" title="Show all instances" onClick={() => set('region', null)}>
            Items of {titles.get(region) ?? region}
            <Icon name="close" size={14} />
          </button>
        )}
      </div>
      <Filters
        label="Show only"
        options={[null, ...instanceStatusOrder].filter(
          (each) => each === null || run.counts[each] > 0 || each === status,
        )}
        current={status}
        onChoose={(each) => set('status', each)}
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
                    item={items.get(instance.input_scope_id) ?? ''}
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

const urgency: Instance['status'][] = [
  'failed',
  'waiting',
  'running',
  'runnable',
  'pending',
  'skipped',
  'done',
];

/** How the list can be sorted; as they were created otherwise. */
const orders: Record<string, (a: Instance, b: Instance) => number> = {
  urgent: (a, b) => urgency.indexOf(a.status) - urgency.indexOf(b.status),
  longest: (a, b) => tookMs(b) - tookMs(a),
  latest: (a, b) => startMs(b) - startMs(a),
};

function startMs({ started_at: at }: Instance): number {
  return at === null ? 0 : Date.parse(at);
}

function tookMs(instance: Instance): number {
  if (instance.started_at === null) return -1;
  const end = instance.finished_at === null ? Date.now() : Date.parse(instance.finished_at);
  return end - startMs(instance);
}

/** What an instance is found by. */
function searchText(
  instance: Instance,
  titles: ReadonlyMap<string, string>,
  why: ReadonlyMap<string, string>,
): string {
  const { instance_id: id, task_id: task, error, failure_kind: kind } = instance;
  const reason = error ?? why.get(id) ?? '';
  return [id, task, titles.get(task), instance.status, kind, reason].join(' ');
}

interface RowProps {
  runId: string;
  instance: Instance;
  title: string;
  pass: string;
  /** The item that it is for; empty: for none. */
  item: string;
  why: string;
}

const Row = memo(function Row({ runId, instance, title, pass, item, why }: RowProps) {
  return (
    <div role="listitem" className="instance-row">
      <Link href={`/runs/${runId}/instances/${instance.instance_id}`} className="row-link">
        <span className="instance-status">
          <Status status={instanceStatusName(instance)} />
        </span>
        <span className="grow">
          <span className="run-line">
            <span className="ellipsis run-what">{title}</span>
            {item && <span className="chip">{item}</span>}
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
