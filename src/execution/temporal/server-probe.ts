/** What a Temporal server says of itself, before attempts are handed to it. The SDK's client loads with the first question. */
import type { Connection } from '@temporalio/client';
import type { TemporalSettings } from '../../model/machines.ts';
import { Refusal } from '../../model/refusal.ts';
import { nowMs } from '../local/stopwatch.ts';
import { lastPoll } from './last-poll.ts';
import { serverAddress } from './server-address.ts';

export interface ServerFacts {
  version: string;
  /** How long it remembers activities that are over, in days; null: it does not say. */
  retentionDays: number | null;
  /** Queue → when a worker has last asked for work, ISO 8601 by the server's clock; null: none that it remembers. */
  polled: Map<string, string | null>;
}

/** Activities without a workflow came with it: https://docs.temporal.io/standalone-activity */
const OLDEST = [1, 31] as const;
const CALL_MS = 5000;
const NOT_FOUND = 5;
const DEADLINE_EXCEEDED = 4;

/**
 * `settings`: with absolute files; `queues`: of which to tell who asks for work.
 * @throws Refusal `temporal-unreachable`, `temporal-too-old`, `temporal-namespace`; for settings that cannot be used
 */
export async function probeServer(
  settings: TemporalSettings,
  env: Readonly<NodeJS.ProcessEnv>,
  queues: readonly string[],
): Promise<ServerFacts> {
  const address = serverAddress(settings, env);
  const { Connection } = await import('@temporalio/client');
  const connection = Connection.lazy(address);
  try {
    return await asked(connection, settings, queues);
  } finally {
    await connection.close();
  }
}

async function asked(
  connection: Connection,
  { address, namespace }: TemporalSettings,
  queues: readonly string[],
): Promise<ServerFacts> {
  const { workflowService: service } = connection;
  const call = <T>(ask: () => Promise<T>): Promise<T> =>
    connection.withDeadline(nowMs() + CALL_MS, ask);
  const info = await call(() => service.getSystemInfo({})).catch((error: unknown) => {
    throw unreachable(address, error);
  });
  const version = info.serverVersion ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = OLDEST;
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
    const wanted = OLDEST.join('.');
    throw new Refusal(
      'temporal-too-old',
      `Temporal at ${address} is ${version}; ${wanted} is needed.`,
      {
        hint: `Run Temporal ${wanted} or later: activities without a workflow came with it.`,
      },
    );
  }
  const described = await call(() => service.describeNamespace({ namespace })).catch(
    (error: unknown) => {
      if ((error as { code?: unknown }).code !== NOT_FOUND) throw unreachable(address, error);
      throw new Refusal(
        'temporal-namespace',
        `Temporal at ${address} has no namespace "${namespace}".`,
        {
          hint: `temporal operator namespace create --namespace ${namespace} --retention 7d`,
        },
      );
    },
  );
  const retention = described.config?.workflowExecutionRetentionTtl?.seconds;
  const polled = new Map<string, string | null>();
  for (const queue of queues) {
    const at = await call(() => lastPoll(connection, namespace, queue));
    polled.set(queue, at === null ? null : new Date(at).toISOString());
  }
  const retentionDays =
    retention === undefined || retention === null ? null : Number(retention) / 86_400;
  return { version, retentionDays, polled };
}

function unreachable(address: string, error: unknown): Refusal {
  // What gRPC says of a deadline tells of its own parts.
  const isSilent = (error as { code?: unknown }).code === DEADLINE_EXCEEDED;
  const [said = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const why = isSilent ? `no answer within ${CALL_MS / 1000} s` : said;
  return new Refusal('temporal-unreachable', `Temporal at ${address} cannot be reached: ${why}.`, {
    hint: 'Start it, or correct "temporal" in project.yaml or config.toml. Nothing runs on this machine in its place.',
  });
}
