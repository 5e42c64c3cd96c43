/** Runs the built program as its users do. `npm run test:all` builds it first. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** CODEX_ORCH_TEST_DIST names another build than `dist`. */
export const builtEntry = path.resolve(process.env['CODEX_ORCH_TEST_DIST'] ?? 'dist', 'main.js');

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs one command line to its end; never rejects. */
export function codexOrch(
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; input?: string },
): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'],
    HOME: path.join(options.cwd, 'no-home'),
    ...options.env,
  };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [builtEntry, ...args],
      { cwd: options.cwd, env, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.end(options.input ?? '');
  });
}

/** A directory of its own under .test-tmp, not /tmp: Codex's sandbox leaves that writable. */
export function testDirectory(name: string): string {
  mkdirSync('.test-tmp', { recursive: true });
  return mkdtempSync(path.resolve('.test-tmp', `${name}-`));
}

/** Writes files, given as text or as the JSON that YAML is a superset of. */
export function writeFiles(directory: string, files: Record<string, unknown>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
}

/** Waits until `look` finds something. The test's own time limit ends it. */
export async function until<T>(
  look: () => Promise<T | null | undefined> | T | null | undefined,
): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
