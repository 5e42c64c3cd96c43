/** Where a program is, and what it shares with all others of its user. */
import path from 'node:path';
import { statsOf } from '../../disk/stats-of.ts';
import { globalRootFrom, loadGlobalConfig } from '../../program/global-config.ts';
import type { World } from '../world.ts';
import type { ProgramPlace } from './validate.ts';

export function isProgram(directory: string): boolean {
  return statsOf(path.join(directory, 'project.yaml')) !== null;
}

/** What a path leads to; null for nothing. A program is a directory with project.yaml. */
export function whatIsAt(place: string): 'program' | 'directory' | 'file' | null {
  if (isProgram(place)) return 'program';
  const stats = statsOf(place);
  if (stats === null) return null;
  return stats.isDirectory() ? 'directory' : 'file';
}

/** `programDir`: absolute. */
export function placeOf(
  programDir: string,
  { env, cwd }: Pick<World, 'env' | 'cwd'>,
): ProgramPlace {
  return { programDir, globalRoot: globalRootFrom(env, cwd) };
}

/** `web.port` of config.toml; null: not set. */
export async function configuredWebPort({ globalRoot }: ProgramPlace): Promise<number | null> {
  return (await loadGlobalConfig(globalRoot)).config.web.port;
}
