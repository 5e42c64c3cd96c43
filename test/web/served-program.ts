/** `codex-orch web` as a person starts it: a process of its own, to be killed and started again. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { builtEntry } from '../support/built-program.ts';

export interface ServedProgram {
  /** Without a slash at its end. */
  url: string;
  /** New after each start. */
  token(): string;
  /** As printed, with the token: to be opened first. */
  address(): string;
  /** Kills it as a crash would. */
  kill(): Promise<void>;
  /** At the same address. */
  restart(): Promise<void>;
}

/** `env`: beside what it needs itself. */
export async function serveProgram(
  program: string,
  env: NodeJS.ProcessEnv = {},
): Promise<ServedProgram> {
  let child: ChildProcess | null = null;
  let port = 0;
  let [address, token] = ['', ''];
  const start = async (): Promise<void> => {
    const words = ['web', program, '--port', String(port), '--json'];
    const server = spawn(process.execPath, [builtEntry, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], HOME: path.join(program, '..', 'no-home'), ...env },
    });
    child = server;
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: server.stdout }).once('line', resolve);
      server.once('exit', (code) => reject(new Error(`web ended with ${code}`)));
    });
    const said = JSON.parse(line) as { port: number; url: string; token: string };
    ({ port, url: address, token } = said);
  };
  await start();
  return {
    url: new URL(address).origin,
    token: () => token,
    address: () => address,
    async kill() {
      const server = child;
      child = null;
      if (!server) return;
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await gone;
    },
    restart: start,
  };
}

/** The example, with its repository beside it. */
export function copyExample(directory: string): string {
  const program = path.join(directory, 'program');
  const repo = path.join(directory, 'repo');
  cpSync(path.resolve('examples', 'quality_convergence_program'), program, { recursive: true });
  renameSync(path.join(program, 'repo'), repo);
  writeFileSync(path.join(program, 'inputs', 'repo_workspace.txt'), '../repo\n');
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.invalid'];
  for (const words of [
    ['init', '-q'],
    ['add', '.'],
    ['commit', '-qm', 'Failing tests'],
  ]) {
    execFileSync('git', [...who, ...words], { cwd: repo, stdio: 'ignore' });
  }
  return program;
}
