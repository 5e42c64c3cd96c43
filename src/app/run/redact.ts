/** What stands between an attempt and its agent where the agent has secrets. */
import { runRedacted } from '../../execution/local/redacted.ts';
import { secretsIn } from '../../text/redact.ts';
import type { World } from '../world.ts';

/** Runs `argv`, its output without the values of these variables. Resolves with its exit status. */
export function redact(
  { env }: Pick<World, 'env'>,
  names: readonly string[],
  argv: readonly string[],
): Promise<number> {
  return runRedacted(argv, secretsIn(env, names), env);
}
