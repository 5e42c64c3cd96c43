/** What the bridge of one attempt is told: plain JSON, in a file that its command line names. */
import type { AttemptOrder } from '../../../model/attempt.ts';
import type { StartedServers } from '../../tool-servers.ts';

/** A type and no interface: so it is JSON. */
export type BridgeOrder = Pick<
  AttemptOrder,
  | 'attemptDir'
  | 'controlDir'
  | 'cwd'
  | 'sandbox'
  | 'writableRoots'
  | 'model'
  | 'sessionId'
  | 'wallTimeoutMs'
  | 'idleTimeoutMs'
  | 'graceMs'
  | 'startedAt'
> & {
  /** The agent. */
  command: string[];
  /** What is put around it. */
  around: string[];
  /** Servers of tools that it is to use: name → program and arguments. */
  servers: StartedServers['commands'];
  /** The mode of its own sandbox that it is to be in, and what it must call itself then; null: it has none. */
  mode: OwnSandbox | null;
  /** Whether its own sandbox is what holds it. */
  isHeld: boolean;
  /** Whether our sandbox is around the agent. */
  wrapped: boolean;
  /** Whether an earlier turn of the session told what it used. */
  toldUsage: boolean;
  /** Whether somebody wants to know what it uses while it works. */
  metered: boolean;
  /** Names of variables whose values are kept out of the log of the protocol. */
  secrets: string[];
};

export type OwnSandbox = { agent: string; mode: string };
