/** From an order to what is executed: the program found, the command line, the environment. */
import type { CommandLine } from '../../agents/backend.ts';
import { backendOf, backends } from '../../agents/backends.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { withoutRepository } from '../../processes/git-environment.ts';

export interface Prepared extends Pick<CommandLine, 'argv' | 'directories'> {
  env: NodeJS.ProcessEnv;
}

/**
 * `inherited`: what every attempt of this machine starts from.
 *
 * @throws Refusal where there is nothing to run, or it is not to be found
 */
export async function prepareAttempt(
  order: AttemptOrder,
  inherited: Readonly<NodeJS.ProcessEnv>,
): Promise<Prepared> {
  const env: NodeJS.ProcessEnv = { ...withoutRepository(inherited), ...order.env };
  for (const { ownVariables } of backends) for (const name of ownVariables) delete env[name];
  const backend = backendOf(order.backend);
  const line = backend.commandLine(order, await backend.locate(order, env));
  return {
    argv: line.argv,
    directories: line.directories,
    env: { ...env, ...line.env, PWD: order.cwd },
  };
}
