/** What an attempt printed, as it stands: the end first, what was before on demand, and what comes meanwhile. */
import { useCallback, useEffect, useState } from 'react';
import type { TextPage } from '../../api/file.ts';
import { ApiFailure, getJson } from './api.ts';

const pollMs = 1_000;

export interface Printed {
  text: string;
  from: number;
  to: number;
}

/** `live`: it may still grow. `address`: null where there is nothing to read. */
export function usePrinted(
  address: string | null,
  live: boolean,
): { page: Printed | null; failure: ApiFailure | null; loadEarlier: () => void } {
  const [page, setPage] = useState<Printed | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const read = useCallback(
    async (place: string, join: 'before' | 'after' | 'new'): Promise<void> => {
      if (address === null) return;
      try {
        const next = await getJson<TextPage>(`${address}${place}`);
        setPage((old) => {
          if (!old || join === 'new') return next;
          if (join === 'before') {
            return { text: next.text + old.text, from: next.from, to: old.to };
          }
          if (next.from !== old.to || next.text === '') return old;
          return { text: old.text + next.text, from: old.from, to: next.to };
        });
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        if (!error.isAway) setFailure(error);
      }
    },
    [address],
  );
  useEffect(() => void read('', 'new'), [read, live]);
  const to = page?.to;
  useEffect(() => {
    if (!live || to === undefined) return;
    const timer = setInterval(() => void read(`&after=${to}`, 'after'), pollMs);
    return () => clearInterval(timer);
  }, [live, read, to]);
  const loadEarlier = useCallback(
    () => void read(`&before=${page?.from ?? 0}`, 'before'),
    [read, page?.from],
  );
  return { page, failure, loadEarlier };
}
