/** What carries the attempts of a run out on other machines, made where the first of them needs it. */
import type { Executor } from '../../execution/executor.ts';
import { fenceSecOf, type MachineSettings } from '../../model/machines.ts';
import type { ProjectSpec } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { globalRootFrom, loadGlobalConfig } from '../../program/global-config.ts';
import { machinesOf } from '../../program/machine-settings.ts';
import { refuseMachineTrouble } from '../../program/machine-trouble.ts';
import type { World } from '../world.ts';

type Said = Pick<ProjectSpec, 'executor' | 'temporal' | 'depot'>;

/** How other machines are reached by a run of this project. @throws Refusal `no-depot`, `config-invalid` */
export async function machinesFor(
  { env, cwd }: Pick<World, 'env' | 'cwd'>,
  programDir: string,
  project: Said,
): Promise<MachineSettings> {
  const loaded = await loadGlobalConfig(globalRootFrom(env, cwd));
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
  const fenceMs = fenceSecOf(settings) * 1000;
  const dispatch = new DepotDispatch({ depot, globalRoot, env, fenceMs });
  const executor = new TemporalExecutor({ settings, dispatch, env });
  const { listen } = depot;
  if (listen === null) return executor;
  const { DepotServer } = await import('../../execution/temporal/depot/server.ts');
  const { insecure } = settings;
  const server = await DepotServer.start({ globalRoot, listen, insecure });
  return {
    start: (order, heard) => executor.start(order, heard),
    find: (order, heard) => executor.find(order, heard),
    close: async () => {
      await executor.close();
      await server.close();
    },
  };
}

/** Before a run is made whose attempts go elsewhere. @throws Refusal where the server cannot have them */
export async function checkServer(
  { env }: Pick<World, 'env'>,
  { temporal }: MachineSettings,
): Promise<void> {
  const { probeServer } = await import('../../execution/temporal/server-probe.ts');
  await probeServer(temporal, env, []);
}
