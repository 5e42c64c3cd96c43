/** What carries the attempts of a run out on other machines, made before the engine begins. */
import type { Executor } from '../../execution/executor.ts';
import type { DepotServer } from '../../execution/temporal/depot/server.ts';
import { fenceSecOf, type MachineSettings, type TemporalSettings } from '../../model/machines.ts';
import type { ProjectSpec } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { globalRootFrom, type LoadedConfig } from '../../program/global-config.ts';
import { machinesOf } from '../../program/machine-settings.ts';
import { refuseMachineTrouble } from '../../program/machine-trouble.ts';
import type { World } from '../world.ts';

type Said = Pick<ProjectSpec, 'executor' | 'temporal' | 'depot'>;

/**
 * How other machines are reached by a run of this project, by `loaded`, the user's config.toml.
 * @throws Refusal `no-depot`, `config-invalid`
 */
export function machinesFor(
  loaded: LoadedConfig,
  programDir: string,
  project: Said,
): MachineSettings {
  refuseMachineTrouble(loaded, project);
  const { temporal, depot } = machinesOf(project, loaded.config, programDir);
  if (depot !== null) return { temporal, depot };
  throw new Refusal('no-depot', 'Attempts go to other machines, and nobody names a depot.', {
    hint: 'Set "depot" in config.toml: a directory that all machines see, or listen = "127.0.0.1:7300".',
  });
}

/** With the depot's endpoint, where there is one. @throws Refusal for what cannot be used, or a port that is taken */
export async function executorElsewhere(
  world: Pick<World, 'env' | 'cwd'>,
  { temporal: settings, depot }: MachineSettings,
): Promise<Executor> {
  const [{ TemporalExecutor }, { DepotDispatch }] = await Promise.all([
    import('../../execution/temporal/executor.ts'),
    import('../../execution/temporal/depot/dispatch.ts'),
  ]);
  const { env } = world;
  const globalRoot = globalRootFrom(env, world.cwd);
  const { listen } = depot;
  // First: of what is made after it, nothing is left open where its port cannot be had.
  const server = listen === null ? null : await depotServer(globalRoot, listen, settings);
  try {
    const fenceMs = fenceSecOf(settings) * 1000;
    const dispatch = new DepotDispatch({ depot, globalRoot, env, fenceMs });
    const executor = new TemporalExecutor({ settings, dispatch, env });
    return {
      start: (order, heard) => executor.start(order, heard),
      find: (order, heard) => executor.find(order, heard),
      close: async () => {
        await executor.close();
        await server?.close();
      },
    };
  } catch (error) {
    await server?.close();
    throw error;
  }
}

async function depotServer(
  globalRoot: string,
  listen: string,
  { insecure }: TemporalSettings,
): Promise<DepotServer> {
  const { DepotServer } = await import('../../execution/temporal/depot/server.ts');
  return DepotServer.start({ globalRoot, listen, insecure });
}

/** Before a run is made whose attempts go elsewhere. @throws Refusal where the server cannot have them */
export async function checkServer(
  { env }: Pick<World, 'env'>,
  { temporal }: MachineSettings,
): Promise<void> {
  const { probeServer } = await import('../../execution/temporal/server-probe.ts');
  await probeServer(temporal, env, []);
}
