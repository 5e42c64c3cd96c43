/** A short command, run to its end. */
import { execFile } from 'node:child_process';

export interface BriefRun {
  /** null: killed, timed out, or not started. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a short command to its end, without input. Never rejects. */
export function runBriefly(
  argv: [string, ...string[]],
  options: { timeoutMs: number; cwd?: string; env?: NodeJS.ProcessEnv },
): Promise<BriefRun> {
  const [program, ...args] = argv;
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      {
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: 4 << 20,
        encoding: 'utf8',
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.env === undefined ? {} : { env: options.env }),
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        resolve({ code, stdout, stderr: stderr || (code === null ? (error?.message ?? '') : '') });
      },
    );
    child.stdin?.end();
  });
}
