/**
 * The agent's process, in a group of its own, so that what stops the bridge does not reach it before the bridge has
 * asked it to end: it is asked by the end of its input, then by signals.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

/** What an agent has left that holds its output open is not waited for any longer. */
const DRAIN_MS = 500;

export interface AgentProcess {
  readonly pid: number | null;
  write(line: string): void;
  /** Resolves, in words, once it is gone, or could not be started; nothing is read afterwards. */
  readonly gone: Promise<{ how: string; wasStarted: boolean }>;
  /** Closes its input. */
  closeInput(): void;
  /** Signals all of its group. */
  signal(name: NodeJS.Signals): void;
}

export function startAgent(
  argv: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; onOutput(bytes: Buffer): void },
): AgentProcess {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdout.on('data', (bytes: Buffer) => options.onOutput(bytes));
  // Who is gone reads nothing.
  child.stdin.on('error', () => undefined);
  return {
    pid: child.pid ?? null,
    gone: departureOf(child),
    write: (line) => void child.stdin.write(line),
    closeInput: () => void child.stdin.end(),
    signal(name) {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // Nothing of it is left.
      }
    },
  };
}

function departureOf(child: ChildProcess): AgentProcess['gone'] {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ how: error.message, wasStarted: false }));
    child.once('exit', (code, signal) => {
      const status = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
      const how =
        signal === null
          ? `it ended with exit status ${status}`
          : `it was killed by ${signal} (exit status ${status})`;
      const end = (): void => resolve({ how, wasStarted: true });
      const timer = setTimeout(end, DRAIN_MS);
      child.once('close', () => {
        clearTimeout(timer);
        end();
      });
    });
  });
}
