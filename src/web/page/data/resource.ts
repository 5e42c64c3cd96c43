/**
 * What the page has read of the server, by address. A view names an address and re-renders when its
 * answer changes; live events say which addresses are stale. What is shown stays until the new is there.
 */
import { useCallback, useSyncExternalStore } from 'react';
import { ApiFailure, getJson } from './api.ts';

export interface Loaded<T> {
  data: T | null;
  error: ApiFailure | null;
}

interface Entry {
  value: Loaded<unknown>;
  listeners: Set<() => void>;
  loading: boolean;
  stale: boolean;
  /** How often something newer than any reading was put in place. */
  puts: number;
}

const entries = new Map<string, Entry>();
const nothing: Loaded<never> = { data: null, error: null };
const keptUnused = 60;

function entryOf(path: string): Entry {
  let entry = entries.get(path);
  if (!entry) {
    entry = { value: nothing, listeners: new Set(), loading: false, stale: true, puts: 0 };
    entries.set(path, entry);
    forgetUnused();
  }
  return entry;
}

function forgetUnused(): void {
  if (entries.size <= keptUnused) return;
  for (const [path, entry] of entries) {
    if (entries.size <= keptUnused) return;
    if (entry.listeners.size === 0 && !entry.loading) entries.delete(path);
  }
}

async function load(path: string, entry: Entry): Promise<void> {
  if (entry.loading) return;
  entry.loading = true;
  entry.stale = false;
  const { puts } = entry;
  const read = await reading(path, entry.value);
  entry.loading = false;
  // What was put in place meanwhile may be newer than what was read.
  if (entry.puts === puts) {
    entry.value = read;
    if (read.error?.isAway) entry.stale = true;
  }
  for (const listener of entry.listeners) listener();
  const isAway = entry.value.error?.isAway ?? false;
  if (entry.stale && !isAway && entry.listeners.size > 0) await load(path, entry);
}

async function reading(path: string, before: Loaded<unknown>): Promise<Loaded<unknown>> {
  try {
    return { data: await getJson(path), error: null };
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    return { data: error.isAway ? before.data : null, error };
  }
}

/** Begins to read before a view asks. */
export function prefetch(path: string): void {
  void load(path, entryOf(path));
}

/** The answer at an address; null asks for nothing. */
export function useResource<T>(path: string | null): Loaded<T> {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (path === null) return () => {};
      const entry = entryOf(path);
      entry.listeners.add(listener);
      if (entry.stale) void load(path, entry);
      return () => entry.listeners.delete(listener);
    },
    [path],
  );
  const value = useSyncExternalStore(subscribe, () =>
    path === null ? nothing : (entries.get(path)?.value ?? nothing),
  );
  return value as Loaded<T>;
}

/** The answer at an address once there is one; null: it could not be read. For what begins before it is there. */
export function whenLoaded<T>(path: string): Promise<T | null> {
  const entry = entryOf(path);
  return new Promise((resolve) => {
    const look = (): void => {
      if (entry.value === nothing) return;
      entry.listeners.delete(look);
      resolve(entry.value.data as T | null);
    };
    entry.listeners.add(look);
    look();
    if (entry.stale && entry.value === nothing) void load(path, entry);
  });
}

/** Reads again what begins with one of the prefixes: now where it is shown, else when it is. */
export function invalidate(...prefixes: string[]): void {
  for (const [path, entry] of entries) {
    if (!prefixes.some((prefix) => path.startsWith(prefix))) continue;
    entry.stale = true;
    if (entry.listeners.size > 0) void load(path, entry);
  }
}

/** Puts in place what a command answered, so that it need not be read again. */
export function remember(path: string, data: unknown): void {
  const entry = entryOf(path);
  entry.value = { data, error: null };
  entry.stale = false;
  entry.puts += 1;
  for (const listener of entry.listeners) listener();
}
