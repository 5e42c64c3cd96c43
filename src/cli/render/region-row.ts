/** A region in the live view: how far its items have come, in one line. Pure. */
import type { Region, RunState } from '../../core/state/run-state.ts';

/** How wide the bar is, in characters. */
const BAR = 20;

export interface RegionProgress {
  /** Items in which nothing is left to do. */
  over: number;
  count: number;
  atWork: number;
  failed: number;
}

export function progressOf(region: Region): RegionProgress {
  let over = 0;
  let atWork = 0;
  for (const { unfinished, hasBegun } of region.items) {
    if (unfinished === 0) over += 1;
    else if (hasBegun) atWork += 1;
  }
  return { over, count: region.count, atWork, failed: region.failedItems };
}

/** `██████░░░░ 12 of 40 items, 4 at work, 1 failed` */
export function regionText({ over, count, atWork, failed }: RegionProgress): string {
  if (count === 0) return 'no items';
  // Full only when all are over.
  const filled = Math.floor((over / count) * BAR);
  return [
    `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${over} of ${count} ${count === 1 ? 'item' : 'items'}`,
    ...(atWork > 0 ? [`${atWork} at work`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ].join(', ');
}

/** The latest region that a task has opened; null: none is open yet. */
export function latestRegion(state: RunState, task: string): Region | null {
  let latest: Region | null = null;
  for (const region of state.regions.values()) if (region.task_id === task) latest = region;
  return latest;
}
