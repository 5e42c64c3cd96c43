/** Who carries the attempts of a program out, and how other machines are reached: what it says, or else config.toml. */
import { homedir } from 'node:os';
import path from 'node:path';
import {
  temporalDefaults,
  type DepotSettings,
  type ExecutorName,
  type MachineSettings,
  type TemporalSettings,
} from '../model/machines.ts';
import type { ProjectSpec } from '../model/program.ts';

/** What config.toml says of it. */
export interface MachineConfig {
  /** null: it says nothing of that. */
  executor: ExecutorName | null;
  /** With absolute files. */
  temporal: TemporalSettings | null;
  depot: DepotSettings | null;
}

/** The nearest word counts. */
export function executorOf(
  project: Pick<ProjectSpec, 'executor'>,
  config: Pick<MachineConfig, 'executor'>,
): ExecutorName {
  return project.executor ?? config.executor ?? 'local';
}

/**
 * How other machines are reached, whoever carries attempts out: of server and depot the nearest counts, whole. `depot`
 * null: nobody names one. `programDir`: what files that project.yaml names count from.
 */
export function machinesOf(
  project: Pick<ProjectSpec, 'temporal' | 'depot'>,
  config: MachineConfig,
  programDir: string,
): Omit<MachineSettings, 'depot'> & { depot: DepotSettings | null } {
  const own = project.temporal && withAbsoluteFiles(project.temporal, programDir);
  return {
    temporal: own ?? config.temporal ?? temporalDefaults,
    depot: project.depot ?? config.depot,
  };
}

/** With the files of `tls` as absolute paths; `~` is the home of the user. */
export function withAbsoluteFiles(temporal: TemporalSettings, base: string): TemporalSettings {
  if (temporal.tls === null) return temporal;
  const absolute = (file: string | null): string | null =>
    file === null ? null : path.resolve(base, file.replace(/^~(?=\/|$)/, homedir()));
  const { ca, cert, key } = temporal.tls;
  return { ...temporal, tls: { ca: absolute(ca), cert: absolute(cert), key: absolute(key) } };
}
