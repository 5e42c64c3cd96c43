/**
 * One server-sent event stream that comes back by itself: after the server's restart, after sleep, and
 * when a hidden tab is shown again. Hidden tabs hold no stream of their own, because a browser opens only
 * six connections to a server, over all of its tabs.
 */
import { parseJson } from '../../../model/json.ts';
const hiddenGraceMs = 5_000;
const shortestWaitMs = 250;
const longestWaitMs = 4_000;

export interface StreamOptions {
  /** Asked for each connection, so that it can name where to go on. */
  address: () => string;
  handlers: Record<string, (data: unknown) => void>;
  /** Stays while the tab is hidden. */
  alsoHidden?: boolean;
  /** Open and greeted, or lost. */
  onState?: (open: boolean) => void;
}

export class LiveStream {
  private readonly options: StreamOptions;
  private source: EventSource | null = null;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private hide: ReturnType<typeof setTimeout> | null = null;
  private waitMs = shortestWaitMs;
  private closed = false;
  private readonly visibility = (): void => this.onVisibility();

  constructor(options: StreamOptions) {
    this.options = options;
    if (!options.alsoHidden) document.addEventListener('visibilitychange', this.visibility);
    if (options.alsoHidden || document.visibilityState === 'visible') this.open();
  }

  close(): void {
    this.closed = true;
    document.removeEventListener('visibilitychange', this.visibility);
    if (this.hide) clearTimeout(this.hide);
    this.drop();
  }

  /** Ends this connection and begins another, as from a new address. */
  reopen(): void {
    this.drop();
    this.open();
  }

  private open(): void {
    if (this.closed || this.source) return;
    const source = new EventSource(this.options.address());
    this.source = source;
    for (const [name, handle] of Object.entries(this.options.handlers)) {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        if (this.source !== source) return;
        if (name === 'hello') {
          this.waitMs = shortestWaitMs;
          this.options.onState?.(true);
        }
        handle(parseJson(event.data));
      });
    }
    source.onerror = () => {
      if (this.source !== source) return;
      this.drop();
      this.options.onState?.(false);
      this.retry = setTimeout(() => this.open(), this.waitMs);
      this.waitMs = Math.min(this.waitMs * 2, longestWaitMs);
    };
  }

  private drop(): void {
    if (this.retry) clearTimeout(this.retry);
    this.retry = null;
    this.source?.close();
    this.source = null;
  }

  private onVisibility(): void {
    if (this.hide) clearTimeout(this.hide);
    this.hide = null;
    if (document.visibilityState === 'visible') this.open();
    else this.hide = setTimeout(() => this.drop(), hiddenGraceMs);
  }
}
