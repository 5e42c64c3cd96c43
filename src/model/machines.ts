/**
 * Attempts on other machines: how their queue is reached, and where files are handed over. What project.yaml and
 * config.toml say of it, after defaults; see docs/design/machines.md.
 */

/** Who carries attempts out: this machine, or workers that a Temporal server hands them to. */
export const executorNames = ['local', 'temporal'] as const;
export type ExecutorName = (typeof executorNames)[number];

/** Files, as they were written: relative ones count from where they were said. All null: the authorities of the system. */
export interface TlsSettings {
  /** Whom the server's certificate is to be from. */
  ca: string | null;
  /** What this side shows; with `key`. */
  cert: string | null;
  key: string | null;
}

/** `temporal` of a project and of config.toml. */
export interface TemporalSettings {
  /** `host:port` of the server's frontend. */
  address: string;
  namespace: string;
  /** Of tasks and agents without `runs_on`. */
  task_queue: string;
  /** null: plain text, but where there is an API key: then TLS, by the authorities of the system. */
  tls: TlsSettings | null;
  /** Names of variables: one holds the key that the server asks for, the other what seals the arguments of attempts. */
  api_key_env: string | null;
  queue_key_env: string | null;
  /** Whether plain text may go to other machines. */
  insecure: boolean;
  /** How long the server waits for a sign of a worker, until it tells us that it has none. */
  heartbeat_timeout_sec: number;
  /** How long the host of an attempt may be away from then on, until the attempt counts as lost. */
  lost_after_sec: number;
  /** How long a worker that hears from nobody lets its agent work on; null: see `fenceSecOf`. */
  fence_sec: number | null;
}

/** `depot` of a project and of config.toml: a directory that all machines see, or an endpoint of the run's machine. */
export interface DepotSettings {
  /** Absolute, and the same on all machines; null: an endpoint. */
  directory: string | null;
  /** `host:port` to listen at; null: a directory. */
  listen: string | null;
  /** How workers reach it; null: see `depotUrlOf`. */
  url: string | null;
}

/** What holds of attempts on other machines, all in all. */
export interface MachineSettings {
  temporal: TemporalSettings;
  depot: DepotSettings;
}

export const temporalDefaults: TemporalSettings = {
  address: '127.0.0.1:7233',
  namespace: 'default',
  task_queue: 'codex-orch',
  tls: null,
  api_key_env: null,
  queue_key_env: null,
  insecure: false,
  heartbeat_timeout_sec: 60,
  lost_after_sec: 600,
  fence_sec: null,
};

/** How long before an attempt counts as lost its agent is stopped, so that never two of them work at once. */
const FENCE_MARGIN_SEC = 30;

/** In seconds. Of short times a margin of a third. */
export function fenceSecOf(settings: TemporalSettings): number {
  if (settings.fence_sec !== null) return settings.fence_sec;
  const lost = settings.heartbeat_timeout_sec + settings.lost_after_sec;
  return lost - Math.min(FENCE_MARGIN_SEC, lost / 3);
}

/** Where workers reach the endpoint; null: it is a directory. */
export function depotUrlOf({ listen, url }: DepotSettings): string | null {
  return url ?? (listen === null ? null : `http://${listen}`);
}

/** Of `host:port`, `[host]:port` or either host alone: whether that is this machine, whatever its network. */
export function isThisMachine(address: string): boolean {
  const host = /^\[(.*)\](?::\d+)?$/.exec(address)?.[1] ?? address.replace(/:\d+$/, '');
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
