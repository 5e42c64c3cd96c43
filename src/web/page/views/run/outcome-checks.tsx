/** What the checks of a run came to, in a line; those that do not hold, and all of them when they are asked for. */
import { useMemo, useState } from 'react';
import type { RunView } from '../../../api/run.ts';
import { hasPassed, type CheckReceipt } from '../../../../model/checks.ts';
import { plural } from '../../../../text/plural.ts';
import { CheckRows } from '../../parts/check-rows.tsx';
import { Panel } from '../../parts/pieces.tsx';

interface Checked {
  id: string;
  title: string;
  receipts: readonly CheckReceipt[];
}

export function OutcomeChecks({ view }: { view: RunView }) {
  const checked = useMemo(() => checkedOf(view), [view]);
  const [all, showAll] = useState(false);
  if (checked.length === 0) return null;
  const receipts = checked.flatMap((each) => each.receipts);
  const passed = receipts.filter(hasPassed).length;
  const shown = all
    ? checked
    : checked
        .map((each) => ({ ...each, receipts: each.receipts.filter((one) => !hasPassed(one)) }))
        .filter((each) => each.receipts.length > 0);
  return (
    <Panel
      title={
        <>
          Checks
          <span className="faint num">
            {passed === receipts.length
              ? `${plural(passed, 'check')} passed`
              : `${passed} of ${receipts.length} passed`}
          </span>
        </>
      }
      label="Checks"
    >
      {shown.map(({ id, title, receipts: some }) => (
        <CheckRows key={id} checks={some} of={title} />
      ))}
      {!all && passed > 0 && (
        <p className="panel-body">
          <button type="button" className="link" onClick={() => showAll(true)}>
            {receipts.length === 1 ? 'Show it' : `Show all ${receipts.length}`}
          </button>
        </p>
      )}
    </Panel>
  );
}

/** Of each instance, those of its latest attempt that was checked. */
function checkedOf({ instances, tasks }: RunView): Checked[] {
  const titles = new Map(tasks.map((task) => [task.id, task.title]));
  return instances.flatMap(({ instance_id: id, task_id: task, attempts }) => {
    const receipts = attempts.findLast(({ checks = [] }) => checks.length > 0)?.checks;
    return receipts ? [{ id, title: titles.get(task) ?? task, receipts }] : [];
  });
}
