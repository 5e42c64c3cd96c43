/** Whom a run tells. */
import type { NotifyRule } from '../../model/program.ts';
import { globalRootFrom, loadGlobalConfig } from '../../program/global-config.ts';
import { targetProblem } from '../../program/rules/notify.ts';
import type { World } from '../world.ts';

/** `own`: what the program says itself; left out: as the user's config.toml says. */
export async function rulesFor(
  { env, cwd }: Pick<World, 'env' | 'cwd'>,
  own: NotifyRule[] | undefined,
): Promise<NotifyRule[]> {
  if (own !== undefined) return own;
  const { notify } = (await loadGlobalConfig(globalRootFrom(env, cwd))).config;
  return (notify ?? []).filter(({ to }) => targetProblem(to) === null);
}
