/** What would stop attempts from going to other machines: the server, its namespace, the queues, and the depot. */
import { accessSync, constants } from 'node:fs';
import { fine, problem, type Finding } from '../../agents/finding.ts';
import type { ServerFacts } from '../../execution/temporal/server-probe.ts';
import { depotUrlOf, type DepotSettings, type TemporalSettings } from '../../model/machines.ts';
import { decidesByRules, type ProjectSpec, type TaskSpec } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { queueOf } from '../../program/rules/machines.ts';
import type { World } from '../world.ts';

const LEAST_RETENTION_DAYS = 7;
/** Tokens have a day of slack; this is for times that a person reads. */
const MOST_CLOCK_MS = 60_000;
const REACH_MS = 5000;

/** The queues that the tasks of a program use, by name. */
export function queuesOf(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  { task_queue: queue }: TemporalSettings,
): string[] {
  const used = tasks.filter((task) => !decidesByRules(task));
  return [...new Set(used.map((task) => queueOf(project, task, queue)))].sort();
}

/** `temporal`: with absolute files; `queues`: of which somebody should ask for work. */
export async function checkServerOf(
  world: Pick<World, 'env' | 'clock'>,
  temporal: TemporalSettings,
  queues: readonly string[],
): Promise<Finding[]> {
  const { probeServer } = await import('../../execution/temporal/server-probe.ts');
  let facts: ServerFacts;
  try {
    facts = await probeServer(temporal, world.env, queues);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const remedy = error.hint ?? 'Correct "temporal" in project.yaml or config.toml.';
    return [problem('machines.server', 'error', error.message, remedy)];
  }
  const { version, retentionDays, polled } = facts;
  const { address, namespace } = temporal;
  const findings = [
    fine('machines.server', `Temporal ${version} at ${address}, namespace "${namespace}".`),
    retentionDays !== null && retentionDays < LEAST_RETENTION_DAYS
      ? problem(
          'machines.retention',
          'warning',
          `The namespace "${namespace}" forgets what is over after ${Math.round(retentionDays * 10) / 10} days: of an attempt that nobody drove for so long it is not known whether it ran.`,
          `temporal operator namespace update --namespace ${namespace} --retention 7d`,
        )
      : fine('machines.retention', `The namespace "${namespace}" remembers long enough.`),
  ];
  const now = Date.parse(world.clock.now());
  for (const [queue, at] of polled) {
    findings.push(
      at === null
        ? problem(
            'machines.queue',
            'warning',
            `No worker asks for work of the queue "${queue}": its attempts wait.`,
            `On a machine that is to have them: codex-orch worker --queue ${queue}`,
          )
        : fine('machines.queue', `Workers ask for work of the queue "${queue}".`),
    );
    // They ask at least once a minute, and the server forgets them after five.
    if (at === null || Date.parse(at) - now <= MOST_CLOCK_MS) continue;
    const message = `The server's clock is ahead of this machine's: by its time a worker asked at ${at}.`;
    findings.push(problem('machines.clock', 'warning', message, 'Set the clocks by NTP.'));
  }
  return findings;
}

/** Whether `codex-orch worker` has what it is not shipped with. */
export async function checkWorkerSdk(): Promise<Finding[]> {
  const { loadWorkerSdk } = await import('../../execution/temporal/worker/sdk.ts');
  try {
    await loadWorkerSdk();
    return [fine('machines.worker', 'This machine can be a worker.')];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // A machine that only starts runs needs it not.
    return [problem('machines.worker', 'warning', error.message, error.hint ?? 'Install it.')];
  }
}

/** Whether files can be handed over, as far as this machine can tell. */
export async function checkDepot(depot: DepotSettings | null): Promise<Finding[]> {
  // Of a program that names none, validation tells.
  if (depot === null) return [];
  const { directory } = depot;
  if (directory !== null) {
    try {
      accessSync(directory, constants.R_OK | constants.W_OK);
      return [fine('machines.depot', `The depot ${directory} can be written to.`)];
    } catch {
      const remedy = 'Make it, and have all machines see it under this path: see "depot".';
      return [
        problem('machines.depot', 'error', `The depot ${directory} cannot be written to.`, remedy),
      ];
    }
  }
  const url = depotUrlOf(depot) ?? '';
  const answers = await fetch(new URL('/depot/v1/who?0', url), {
    signal: AbortSignal.timeout(REACH_MS),
  }).then(
    () => true,
    () => false,
  );
  return [
    answers
      ? fine('machines.depot', `The depot answers at ${url}.`)
      : fine(
          'machines.depot',
          `Nothing answers at ${url} now; the depot does while a run is driven.`,
        ),
  ];
}
