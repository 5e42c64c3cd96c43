/** Where a program is, and what it shares with all others of its user. */
import { globalRootFrom, loadGlobalConfig } from '../../program/global-config.ts';
import type { World } from '../world.ts';
import type { ProgramPlace } from './validate.ts';

/** `programDir`: absolute. */
export function placeOf(
  programDir: string,
  { env, cwd, texts }: Pick<World, 'env' | 'cwd' | 'texts'>,
): ProgramPlace {
  return { programDir, globalRoot: globalRootFrom(env, cwd), texts: texts?.(programDir) };
}

/** `web.port` of config.toml; null: not set. */
export async function configuredWebPort({ globalRoot }: ProgramPlace): Promise<number | null> {
  return (await loadGlobalConfig(globalRoot)).config.web.port;
}
