/** What the author of a tree has run in it before the agent, in the sandbox of the task. */
import path from 'node:path';
import { makeDirectory, writeFile } from '../../disk/disk.ts';
import { withoutRepository } from '../../processes/git-environment.ts';
import { runBounded } from '../../processes/run-briefly.ts';
import { secretsIn, withoutSecretsIn } from '../../text/redact.ts';
import { bubblewrapIn, sandboxProblem, sandboxWords, type HeldOrder } from './surroundings.ts';

export interface TreeSetup {
  /** A shell line. */
  line: string;
  cwd: string;
  /** Of the tree and beside it, what it may write to. */
  writableRoots: string[];
  attemptDir: string;
  programDir: string;
  /** Whether its agent is held by a sandbox. */
  isHeld: boolean;
  /** Names of variables whose values are kept out of its log. */
  secrets: readonly string[];
}

const SETUP_MS = 600_000;
const SETUP_BYTES = 64 * 1024 * 1024;
const KEPT_BYTES = 1024 * 1024;

/**
 * Runs it, and leaves what it printed in `setup.log` of the attempt. Returns why the tree is not ready; null where it
 * is. What it runs was written by those before: so it is held as the task's checks are.
 */
export async function setUpTree(
  env: Readonly<NodeJS.ProcessEnv>,
  { line: setup, attemptDir, ...place }: TreeSetup,
): Promise<string | null> {
  const { cwd, programDir, writableRoots, isHeld } = place;
  const scratch = path.join(attemptDir, 'scratch');
  makeDirectory(scratch);
  // The repository is the tree's own, and not yet anybody's at work.
  const order = { cwd, attemptDir: scratch, programDir, writableRoots, closed: [] };
  const held = await sandboxOf(isHeld, env, order);
  const line = ['/bin/sh', '-c', `exec 2>&1\n${setup}`];
  const [program = '', ...words] = [...held.before, ...line];
  const { code, stdout, stderr } = await runBounded([program, ...words], {
    cwd,
    env: { ...withoutRepository(env), PWD: cwd, ...held.env },
    timeoutMs: SETUP_MS,
    maxBytes: SETUP_BYTES,
  });
  const printed = Buffer.concat([stdout, Buffer.from(stderr)]);
  const output = withoutSecretsIn(printed, secretsIn(env, place.secrets)).subarray(-KEPT_BYTES);
  writeFile(path.join(attemptDir, 'setup.log'), output);
  if (code === 0) return null;
  const how = code === null ? 'did not end' : `ended with exit status ${code}`;
  const tail = output.toString('utf8').trimEnd().split('\n').slice(-20).join('\n');
  return `"tree.setup" ${how}: ${setup}\n${tail}`;
}

/** Nothing where the task has none, or none can be had. Caches of package managers lie in the attempt, then. */
async function sandboxOf(
  isHeld: boolean,
  env: Readonly<NodeJS.ProcessEnv>,
  place: Omit<HeldOrder, 'sandbox'>,
): Promise<{ before: string[]; env: Record<string, string> }> {
  if (!isHeld || (await sandboxProblem(env)) !== null) return { before: [], env: {} };
  const cache = path.join(place.attemptDir, 'cache');
  return {
    before: sandboxWords({ ...place, sandbox: 'workspace-write' }, bubblewrapIn(env), []),
    env: { TMPDIR: place.attemptDir, XDG_CACHE_HOME: cache, npm_config_cache: cache },
  };
}
