/** What an agent did in an attempt: the end first, what comes as it comes, what was before on demand. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { ActivityItem, ActivityPage } from '../../api/attempt.ts';
import type { ActivityUpdate } from '../../api/live.ts';
import { ApiFailure, getJson } from './api.ts';
import type { RunFeed } from './run-live.ts';

interface Known {
  items: ActivityItem[];
  from: number;
  to: number;
}

export interface Activities {
  items: ActivityItem[] | null;
  /** There is more before. */
  earlier: boolean;
  loadEarlier: () => void;
  failure: ApiFailure | null;
}

/** @param base the attempt's address. */
export function useActivities(
  feed: RunFeed,
  instanceId: string,
  attempt: number,
  base: string,
  running: boolean,
): Activities {
  const [known, setKnown] = useState<Known | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const now = useRef<Known | null>(null);
  const busy = useRef(false);

  const keep = useCallback((next: Known) => {
    now.current = next;
    setKnown(next);
  }, []);

  const read = useCallback(
    async (query: string): Promise<ActivityPage | null> => {
      try {
        return await getJson<ActivityPage>(`${base}/activities${query}`);
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        // Not staged yet: nothing to show is no failure.
        if (error.status !== 404 && !error.isAway) setFailure(error);
        return null;
      }
    },
    [base],
  );

  /** Reads on from what is known to the end of the file. */
  const catchUp = useCallback(async (): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    try {
      for (let more = true; more;) {
        const before = now.current;
        const page = await read(before ? `?after=${before.to}` : '');
        if (!page) return;
        keep(
          before
            ? { ...before, items: [...before.items, ...page.activities], to: page.to }
            : { items: page.activities, from: page.from, to: page.to },
        );
        more = page.to < page.size && page.to > (before?.to ?? -1) && before !== null;
      }
    } finally {
      busy.current = false;
    }
  }, [keep, read]);

  useEffect(() => {
    now.current = null;
    setKnown(null);
    void catchUp();
  }, [catchUp, running]);

  useEffect(() => {
    if (!running) return;
    return feed.onActivity((update: ActivityUpdate) => {
      if (update.instance_id !== instanceId || update.attempt !== attempt) return;
      const before = now.current;
      if (!before || update.from > before.to) return void catchUp();
      if (update.to <= before.to) return;
      const fresh = update.activities.filter(({ at }) => at >= before.to);
      keep({ ...before, items: [...before.items, ...fresh], to: update.to });
    });
  }, [feed, instanceId, attempt, running, catchUp, keep]);

  const loadEarlier = useCallback(() => {
    const before = now.current;
    if (!before || before.from === 0) return;
    void read(`?before=${before.from}`).then((page) => {
      const current = now.current;
      if (!page || !current || current.from !== before.from) return;
      keep({ ...current, items: [...page.activities, ...current.items], from: page.from });
    });
  }, [keep, read]);

  return {
    items: known?.items ?? null,
    earlier: (known?.from ?? 0) > 0,
    loadEarlier,
    failure,
  };
}
