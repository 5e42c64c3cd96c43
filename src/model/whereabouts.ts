/** Where an attempt is, for a person. */
export type Whereabouts = { kind: 'process'; pid: number | null } | RemoteWhereabouts;

/** Of one that another machine carries out. */
export interface RemoteWhereabouts {
  kind: 'remote';
  queue: string;
  /** null: nobody has it yet. */
  host: string | null;
  /** `unserved`: queued, and nobody asks for work of that queue. */
  state: 'queued' | 'unserved' | 'running' | 'unreachable' | 'delivering';
  /** ISO 8601, UTC. */
  since: string;
}

/** The end of a sentence that begins with the attempt. `at`: a time as it is to be read. */
export function whereInWords(
  { queue, host, state, since }: RemoteWhereabouts,
  at: (time: string) => string = (time) => time,
): string {
  if (host === null) {
    if (state === 'unreachable') {
      return `queued in ${queue}; the server is out of reach since ${at(since)}`;
    }
    const why =
      state === 'unserved'
        ? 'no worker serves that queue, or all have been busy for minutes'
        : 'no worker has it yet';
    return `queued in ${queue} since ${at(since)}: ${why}`;
  }
  const on = `on ${host} (queue ${queue})`;
  switch (state) {
    case 'unreachable':
      return `${on}, out of reach since ${at(since)}`;
    case 'delivering':
      return `${on}, which has handed in what it left, or is about to, since ${at(since)}`;
    default:
      return on;
  }
}
