/** From an order to what is executed: the program found, the command line, the environment. */
import type { CommandLine } from '../../agents/backend.ts';
import { backendOf, backends } from '../../agents/backends.ts';
import { passedOn } from '../../agents/profile.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { withoutRepository } from '../../processes/git-environment.ts';
import { surroundingsOf } from './surroundings.ts';

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
  const passed = passedOn(inherited, order.profile?.pass ?? null);
  const env: NodeJS.ProcessEnv = { ...withoutRepository(passed), ...order.env };
  for (const { ownVariables } of backends) for (const name of ownVariables) delete env[name];
  const backend = backendOf(order.backend);
  const located = await backend.locate(order, env);
  const around = surroundingsOf(order, env, located.homes);
  const isOutside = backend.can.wrapped === 'agent_alone';
  const line = backend.commandLine(order, {
    ...located,
    around: isOutside ? around.wrap : located.around,
  });
  const before = [...around.redact, ...(isOutside ? [] : around.wrap)];
  const [program, ...rest] = [...before, ...line.argv];
  return {
    argv: program === undefined ? line.argv : [program, ...rest],
    directories: [...line.directories, ...around.directories],
    env: { ...env, ...line.env, ...around.env, PWD: order.cwd },
  };
}
