/** Events of regions: how a list becomes items, and what was gathered of them. Section 17 of the contract. */
import type { GatheredItem } from '../../model/run.ts';
import { isSameGathered, itemsGathered, openRegion } from '../state/region-counts.ts';
import { isHead } from '../state/regions.ts';
import { instanceOf, linksOf } from '../state/run-state.ts';
import type { Family } from './spec.ts';
import { unless } from './status.ts';

interface RegionOpened {
  task_id: string;
  /** How many items there are. */
  count: number;
  /** How many of them a person wants: the first. */
  taken: number;
  /** The instance that gave the list; null: an input or the program did. */
  given_by_instance_id: string | null;
}

export interface RegionEvents {
  /** Of the instance that stood for the region until then: it is none any more. */
  region_opened: RegionOpened;
  /** Of one that gathers, right before it goes on. */
  items_gathered: { gathered: Record<string, GatheredItem[]> };
}

export const regionEvents: Family<RegionEvents> = {
  region_opened: {
    since: 2,
    misfit(state, event) {
      const instance = instanceOf(state, event.instance_id);
      const { unfinished } = linksOf(state, instance.instance_id);
      if (!isHead(state, instance) || event.payload.task_id !== instance.task_id) {
        return `${instance.instance_id} opens no region of ${event.payload.task_id}`;
      }
      if (unfinished > 0) return `${unfinished} of what it depends on is not done`;
      return unless(state, event, 'pending');
    },
    apply(state, { instance_id: id, payload }) {
      const { count, taken, given_by_instance_id: givenBy } = payload;
      openRegion(state, instanceOf(state, id), { count, taken, givenBy });
    },
    says: ({ task_id, count, taken }) =>
      `${taken === count ? count : `${taken} of ${count}`} item${count === 1 ? '' : 's'} of ${task_id}`,
    news: 'items',
  },
  items_gathered: {
    since: 2,
    misfit(state, event) {
      const instance = instanceOf(state, event.instance_id);
      const { unfinished } = linksOf(state, instance.instance_id);
      if (unfinished > 0) return `${unfinished} of what it depends on is not done`;
      // Earlier engines named nothing where nothing of the gathered task came to be.
      const isSaid = [true, false].some((namesFailed) =>
        isSameGathered(
          event.payload.gathered,
          itemsGathered(state, instance, { namesFailed }) ?? {},
        ),
      );
      if (!isSaid) return 'its items stand otherwise';
      return unless(state, event, 'pending');
    },
    apply(state, { instance_id: id, payload }) {
      instanceOf(state, id).gathered = payload.gathered;
    },
    says: ({ gathered }) =>
      Object.entries(gathered)
        .map(([scope, items]) => `${scope}: ${items.length} item${items.length === 1 ? '' : 's'}`)
        .join(', '),
  },
};
