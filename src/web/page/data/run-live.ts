/**
 * One run as it stands, kept up to date by its stream. Updates of one frame are taken together, and
 * only what changed gets a new identity, so that a run of hundreds of instances stays fluid.
 */
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { EventItem } from '../../api/event.ts';
import type { ActivityUpdate, RunLive, RunUpdate } from '../../api/live.ts';
import type { Holder, RunExplain, RunView } from '../../api/run.ts';
import { ApiFailure, apiPath, getJson } from './api.ts';
import { setServerClock } from './clock.ts';
import { LiveStream } from './live-stream.ts';
import { invalidate } from './resource.ts';

export interface LoadedRun {
  view: RunView | null;
  error: ApiFailure | null;
}

const explainDelayMs = 200;
const keptEvents = 400;

export class RunFeed {
  state: LoadedRun = { view: null, error: null };
  /** The latest events that came while this feed listened. */
  recent: EventItem[] = [];
  private readonly id: string;
  private readonly listeners = new Set<() => void>();
  private readonly activityListeners = new Set<(update: ActivityUpdate) => void>();
  private stream: LiveStream | null = null;
  private withActivity = false;
  private seq = 0;
  private queue: RunUpdate[] = [];
  private frame = 0;
  private explainTimer: ReturnType<typeof setTimeout> | null = null;
  private reloading = false;
  private closed = false;

  constructor(id: string) {
    this.id = id;
    void this.load();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** What running attempts print, while anyone wants it. */
  onActivity(listener: (update: ActivityUpdate) => void): () => void {
    this.activityListeners.add(listener);
    if (!this.withActivity) {
      this.withActivity = true;
      this.stream?.reopen();
    }
    return () => this.activityListeners.delete(listener);
  }

  close(): void {
    this.closed = true;
    this.stream?.close();
    if (this.explainTimer) clearTimeout(this.explainTimer);
    cancelAnimationFrame(this.frame);
  }

  /** Reads everything again: after a command, or when the stream cannot say what was missed. */
  async load(): Promise<void> {
    if (this.reloading || this.closed) return;
    this.reloading = true;
    try {
      const view = await getJson<RunView>(apiPath('runs', this.id));
      if (this.closed) return;
      this.seq = view.run.seq;
      this.set({ view, error: null });
      this.listen(view.run.id);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      this.set({ view: this.state.view, error });
      if (error.isAway) setTimeout(() => void this.load(), 1_000);
    } finally {
      this.reloading = false;
    }
  }

  private set(state: LoadedRun): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  private listen(id: string): void {
    if (this.stream) return;
    const handlers: { [K in keyof RunLive]: (data: RunLive[K]) => void } = {
      hello: ({ now, holder }) => {
        setServerClock(now);
        this.setHolder(holder);
        if (this.state.error) void this.load();
      },
      update: (update) => {
        this.queue.push(update);
        // A frame never comes to a hidden tab; a timer does.
        if (document.visibilityState === 'visible') {
          this.frame ||= requestAnimationFrame(() => this.take());
        } else this.take();
      },
      holder: ({ holder }) => {
        this.setHolder(holder);
        this.explainSoon();
      },
      activity: (update) => {
        for (const listener of this.activityListeners) listener(update);
      },
      damage: (error) => this.set({ ...this.state, error: new ApiFailure(500, error) }),
    };
    this.stream = new LiveStream({
      address: () =>
        `${apiPath('runs', id, 'live')}?after=${this.seq}${this.withActivity ? '&activity=1' : ''}`,
      handlers: handlers as Record<string, (data: unknown) => void>,
    });
  }

  private setHolder(holder: Holder | null): void {
    const { view } = this.state;
    if (!view || sameHolder(view.holder, holder)) return;
    this.set({
      ...this.state,
      view: { ...view, holder, run: { ...view.run, driven: holder !== null } },
    });
  }

  private take(): void {
    this.frame = 0;
    const updates = this.queue.splice(0);
    const { view } = this.state;
    if (!view || updates.length === 0) return;
    let next = view;
    for (const update of updates) {
      this.seq = Math.max(this.seq, update.run.seq);
      this.recent = [...this.recent, ...update.events].slice(-keptEvents);
      next = merge(next, update);
    }
    this.set({ view: next, error: null });
    this.explainSoon();
    const touched = new Set(
      updates.flatMap(({ instances }) => instances.map((i) => i.instance_id)),
    );
    invalidate(...[...touched].map((id) => apiPath('runs', view.run.id, 'instances', id)));
  }

  private explainSoon(): void {
    this.explainTimer ??= setTimeout(() => {
      this.explainTimer = null;
      void this.explain();
    }, explainDelayMs);
  }

  private async explain(): Promise<void> {
    const { view } = this.state;
    if (!view) return;
    invalidate(apiPath('runs', view.run.id, 'cost'));
    try {
      const { explanations, decisions } = await getJson<RunExplain>(
        apiPath('runs', view.run.id, 'explain'),
      );
      const current = this.state.view;
      if (current) this.set({ ...this.state, view: { ...current, explanations, decisions } });
    } catch (error) {
      // It is asked again with the next event.
      if (!(error instanceof ApiFailure)) throw error;
    }
  }
}

function sameHolder(a: Holder | null, b: Holder | null): boolean {
  return a === b || (a !== null && b !== null && a.pid === b.pid && a.since === b.since);
}

function merge(view: RunView, update: RunUpdate): RunView {
  return {
    ...view,
    run: update.run,
    instances: mergeBy(view.instances, update.instances, (each) => each.instance_id),
    scopes: mergeBy(view.scopes, update.scopes, (each) => each.input_scope_id),
    interrupts: mergeBy(view.interrupts, update.interrupts, (each) => each.interrupt.interrupt_id),
    proposals: mergeBy(view.proposals, update.proposals, (each) => each.proposal_id),
  };
}

function mergeBy<T>(old: T[], changed: T[], idOf: (each: T) => string): T[] {
  if (changed.length === 0) return old;
  const byId = new Map(changed.map((each) => [idOf(each), each]));
  const merged = old.map((each) => {
    const newer = byId.get(idOf(each));
    byId.delete(idOf(each));
    return newer ?? each;
  });
  return [...merged, ...byId.values()];
}

/** Feeds are kept a while after their view closed: a look at an instance and back reads nothing twice. */
const feeds = new Map<
  string,
  { feed: RunFeed; users: number; end?: ReturnType<typeof setTimeout> }
>();
const keptMs = 3_000;

function acquire(id: string): RunFeed {
  let entry = feeds.get(id);
  if (!entry) {
    entry = { feed: new RunFeed(id), users: 0 };
    feeds.set(id, entry);
  }
  if (entry.end) clearTimeout(entry.end);
  return entry.feed;
}

export function useRun(id: string): LoadedRun & { feed: RunFeed } {
  const [held, hold] = useState(() => ({ id, feed: acquire(id) }));
  const feed = held.id === id ? held.feed : acquire(id);
  if (held.id !== id) hold({ id, feed });
  useEffect(() => {
    // Acquired again: between rendering and this effect the feed may have been given up.
    const entry = feeds.get(id);
    if (!entry) return;
    entry.users += 1;
    if (entry.end) clearTimeout(entry.end);
    return () => {
      entry.users -= 1;
      if (entry.users > 0) return;
      entry.end = setTimeout(() => {
        entry.feed.close();
        if (feeds.get(id) === entry) feeds.delete(id);
      }, keptMs);
    };
  }, [id]);
  const state = useSyncExternalStore(feed.subscribe, () => feed.state);
  return { ...state, feed };
}
