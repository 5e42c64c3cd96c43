/** A short command, run to its end. */
import { spawn } from 'node:child_process';
import { waitsForPipe } from './waits-for-pipe.ts';

export interface BriefRun {
  /** null: killed, timed out, or not started. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface BoundedRun {
  /** null: killed, timed out, too much output, or not started. */
  code: number | null;
  stdout: Buffer;
  /** Its end, where there was a lot; where the command never ran, or was stopped by us, why. */
  stderr: string;
}

export interface BoundedOptions {
  timeoutMs: number;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** For its standard input; left out: none. */
  input?: string | Uint8Array;
  /** Of standard output; with a byte more it is killed. */
  maxBytes: number;
  /** It opens files of others by their names, and no pipes: one that keeps it waiting ends it. */
  opensNoPipes?: boolean;
}

const STDERR_BYTES = 64 * 1024;
/** Between two looks at whether a pipe keeps it waiting. */
const LOOK_MS = 1000;

/** Runs a short command to its end, without input. Never rejects. */
export async function runBriefly(
  argv: [string, ...string[]],
  options: Pick<BoundedOptions, 'timeoutMs' | 'cwd' | 'env'>,
): Promise<BriefRun> {
  const { code, stdout, stderr } = await runBounded(argv, { ...options, maxBytes: 4 << 20 });
  return { code, stdout: stdout.toString('utf8'), stderr };
}

/**
 * Runs a command to its end, in a process group of its own, so that what a terminal sends to ours does not stop it
 * half-way, and what it started dies with it. Never rejects.
 */
export function runBounded(
  argv: readonly [string, ...string[]],
  { timeoutMs, cwd, env, input, maxBytes, opensNoPipes = false }: BoundedOptions,
): Promise<BoundedRun> {
  const [program, ...args] = argv;
  return new Promise((resolve) => {
    const stdout: Buffer[] = [];
    let [size, stderr, stopped] = [0, Buffer.alloc(0), ''];
    const options = {
      detached: true,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    };
    const child =
      input === undefined
        ? spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
        : spawn(program, args, { ...options, stdio: 'pipe' });
    const stop = (why: string): void => {
      stopped ||= why;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(() => {
      stop(`it took longer than ${timeoutMs / 1000} s`);
    }, timeoutMs);
    let waited = 0;
    const looks = setInterval(() => {
      waited = opensNoPipes && child.pid !== undefined && waitsForPipe(child.pid) ? waited + 1 : 0;
      if (waited === 2) stop('a file that it reads is a named pipe');
    }, LOOK_MS);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) stop(`it printed more than ${maxBytes} bytes`);
      else stdout.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      const all = Buffer.concat([stderr, chunk]);
      stderr = all.subarray(Math.max(0, all.length - STDERR_BYTES));
    });
    const end = (code: number | null, trouble: string): void => {
      clearTimeout(timer);
      clearInterval(looks);
      const said = stderr.toString('utf8');
      const text = stopped !== '' ? `${stopped}${said && `: ${said}`}` : said || trouble;
      resolve({ code: stopped === '' ? code : null, stdout: Buffer.concat(stdout), stderr: text });
    };
    child.on('error', (error) => {
      end(null, error.message);
    });
    child.on('close', (code, signal) => {
      end(code, signal === null ? '' : `it was ended by ${signal}`);
    });
    // Who reads no input closes its end of the pipe.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
