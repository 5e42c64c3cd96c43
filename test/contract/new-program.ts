/** Programs as `project init` makes them, in a directory of the test file, and commands on them. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect } from 'vitest';
import { codexOrch, testDirectory, type Ended } from '../support/built-program.ts';

export const home = testDirectory('new-program');
afterAll(() => rmSync(home, { recursive: true, force: true }));

export function run(args: string[], cwd = home): Promise<Ended> {
  return codexOrch(args, { cwd, env: { HOME: path.join(home, 'no-home') } });
}

export async function created(name: string, template = 'basic'): Promise<string> {
  const made = await run(['project', 'init', name, 'Name', '..', '--template', template]);
  expect(made.code).toBe(0);
  return path.join(home, name);
}
