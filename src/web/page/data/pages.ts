/** A list that comes page by page: the first as it stands now, later ones when they are asked for. */
import { useState } from 'react';
import { getJson, type ApiFailure } from './api.ts';
import { useFailure } from './failure.ts';
import { useResource } from './resource.ts';

interface Later<T> {
  address: string;
  items: T[];
  cursor: string | null;
}

interface Pages<P, T> {
  first: P | null;
  error: ApiFailure | null;
  items: T[];
  /** Why the next page did not come. */
  failure: ApiFailure | null;
  /** Reads the next page; null at the end. */
  loadMore: (() => Promise<void>) | null;
}

/** `address`: of the first page, with a query. */
export function usePages<P extends { next_cursor: string | null }, T>(
  address: string,
  itemsOf: (page: P) => T[],
  idOf: (item: T) => string,
): Pages<P, T> {
  const { data: first, error } = useResource<P>(address);
  const [read, setRead] = useState<Later<T> | null>(null);
  const { failure, attempt } = useFailure();
  const later = read?.address === address ? read : null;
  const cursor = later ? later.cursor : (first?.next_cursor ?? null);
  const firstItems = first ? itemsOf(first) : [];
  // What was further down may have come to the front since.
  const known = new Set(firstItems.map(idOf));
  return {
    first,
    error,
    items: [...firstItems, ...(later?.items ?? []).filter((item) => !known.has(idOf(item)))],
    failure,
    loadMore:
      cursor === null
        ? null
        : () =>
            attempt(async () => {
              const page = await getJson<P>(`${address}&cursor=${encodeURIComponent(cursor)}`);
              const items = [...(later?.items ?? []), ...itemsOf(page)];
              setRead({ address, items, cursor: page.next_cursor });
            }),
  };
}
