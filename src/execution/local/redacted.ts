/**
 * Runs an agent whose output may hold secrets: what it prints goes on with these replaced, so that they never reach
 * the disk. Stands between the shell of an attempt and the agent, in the same process group, and outlives the engine
 * as the agent does.
 */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { redactor, REDACTED_VARIABLE, type Secret } from '../../text/redact.ts';

/** What an agent has left that holds its output open is not waited for any longer. */
const DRAIN_MS = 500;

/** `around`: the agent's environment. Resolves with the exit status of the agent: 128 + n for a death by signal n. */
export function runRedacted(
  argv: readonly string[],
  secrets: readonly Secret[],
  around: NodeJS.ProcessEnv,
): Promise<number> {
  const [program = '', ...args] = argv;
  // A signal to the group reaches the agent by itself; its end is ours.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => undefined);
  // What our own commands write down for it goes without them, too.
  const env = { ...around, [REDACTED_VARIABLE]: secrets.map(({ name }) => name).join(',') };
  const child = spawn(program, args, { env, stdio: ['inherit', 'pipe', 'pipe'] });
  const flushes = [follow(child.stdout, 1, secrets), follow(child.stderr, 2, secrets)];
  return new Promise((resolve) => {
    const end = (code: number): void => {
      for (const flush of flushes) flush();
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(code);
    };
    child.once('error', (error) => {
      writeSync(2, `${program}: ${error.message}\n`);
      end(127);
    });
    child.once('exit', (code, signal) => {
      const status = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
      const timer = setTimeout(() => end(status), DRAIN_MS);
      child.once('close', () => {
        clearTimeout(timer);
        end(status);
      });
    });
  });
}

/** Returns what writes the rest. */
function follow(stream: NodeJS.ReadableStream, fd: number, secrets: readonly Secret[]): () => void {
  const { push, end } = redactor(secrets);
  const write = (bytes: string): void => {
    const data = Buffer.from(bytes, 'latin1');
    for (let at = 0; at < data.length;) at += writeSync(fd, data, at);
  };
  stream.on('data', (chunk: Buffer) => write(push(chunk.toString('latin1'))));
  return () => write(end());
}
