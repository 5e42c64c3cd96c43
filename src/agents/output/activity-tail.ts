/** Reads what an attempt has done from its events.jsonl, for `run logs` and the web page. */
import type { AgentActivity } from '../../model/activity.ts';
import { backendOf } from '../backends.ts';
import { LineTail, maxLineBytes } from './line-tail.ts';

export interface ActivityTail {
  /** What is new since the last call, of at most about `budgetBytes` of output. */
  read(budgetBytes?: number): { activities: AgentActivity[]; more: boolean };
  /** A last line without a newline; for attempts that have ended. Closes the file. */
  finish(): AgentActivity[];
  close(): void;
}

/** Follows one file; it need not exist yet. */
export function tailActivities(backend: string, eventsFile: string): ActivityTail {
  const reader = backendOf(backend).reader();
  let activities: AgentActivity[] = [];
  const tail = new LineTail(eventsFile, {
    maxLineBytes,
    floodBytes: null,
    onLine: (line) => activities.push(...reader.push(line)),
    onOmitted: (bytes) => activities.push({ type: 'truncated', bytes }),
  });
  const take = (): AgentActivity[] => {
    const taken = activities;
    activities = [];
    return taken;
  };
  return {
    read(budgetBytes = 1 << 20) {
      const { more } = tail.advance(budgetBytes);
      return { activities: take(), more };
    },
    finish() {
      tail.finish();
      return take();
    },
    close: () => tail.close(),
  };
}
