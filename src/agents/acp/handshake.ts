/** Starts an agent, asks who it is and what it can, and ends it: for the doctor, who runs nothing in it. */
import { recordOf, recordsIn, textOf } from '../output/fields.ts';
import { startAgent } from './bridge/agent-process.ts';
import { Connection, METHOD_NOT_FOUND, RpcError } from './bridge/connection.ts';

export type Handshake =
  | {
      ok: true;
      name: string;
      version: string;
      protocol: unknown;
      sessions: boolean;
      logins: string[];
    }
  | { ok: false; problem: string };

/** Never rejects. */
export async function shakeHands(
  argv: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; timeoutMs: number },
): Promise<Handshake> {
  const connection = new Connection({
    write: (line) => agent.write(line),
    onMessage: () => undefined,
    onNotification: () => undefined,
    onRequest(method) {
      throw new RpcError(METHOD_NOT_FOUND, `"${method}" is not offered`);
    },
  });
  const agent = startAgent(argv, { ...options, onOutput: (bytes) => connection.push(bytes) });
  void agent.gone.then(({ how }) => connection.close(new Error(how)));
  const timer = setTimeout(() => {
    connection.close(new Error(`no answer within ${options.timeoutMs / 1000} s`));
  }, options.timeoutMs);
  try {
    const answer = recordOf(
      await connection.request('initialize', { protocolVersion: 1, clientCapabilities: {} }),
    );
    const { name, version } = recordOf(answer['agentInfo']);
    const can = recordOf(answer['agentCapabilities']);
    return {
      ok: true,
      name: textOf(name),
      version: textOf(version),
      protocol: answer['protocolVersion'],
      sessions:
        can['loadSession'] === true || recordOf(can['sessionCapabilities'])['resume'] !== undefined,
      logins: recordsIn(answer['authMethods']).map((method) => textOf(method['name'])),
    };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    agent.closeInput();
    agent.signal('SIGTERM');
    const killing = setTimeout(() => agent.signal('SIGKILL'), 1000);
    await agent.gone;
    clearTimeout(killing);
    agent.signal('SIGKILL');
  }
}
