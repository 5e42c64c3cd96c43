/** The words before an agent's own: what `wrap` says, and what keeps its secrets. */
import path from 'node:path';
import { keptOfProgram } from '../../agents/kept-of-program.ts';
import { findExecutable } from '../../disk/executable.ts';
import { kindAt } from '../../disk/foreign-file.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { runBriefly } from '../../processes/run-briefly.ts';
import { Refusal } from '../../model/refusal.ts';

/** What of an order says how it is held. */
export type HeldOrder = Pick<
  AttemptOrder,
  'sandbox' | 'cwd' | 'programDir' | 'attemptDir' | 'writableRoots' | 'closed'
>;

export interface Surrounded {
  /** What keeps its secrets, around all else. */
  redact: string[];
  /** What `wrap` says. */
  wrap: string[];
  env: Record<string, string>;
  /** Must exist when it starts. */
  directories: string[];
}

/**
 * `env`: all of the attempt's; `homes`: what of its own the agent must write to.
 *
 * @throws Refusal where what is to surround it is missing
 */
export function surroundingsOf(
  order: AttemptOrder,
  env: NodeJS.ProcessEnv,
  homes: readonly string[],
): Surrounded {
  const { wrap = null, secrets = [] } = order.profile ?? {};
  const redact =
    secrets.length === 0 ? [] : [ownCommand(env), 'run', 'redact', secrets.join(','), '--'];
  if (wrap !== 'sandbox') return { redact, wrap: wrap ?? [], env: {}, directories: [] };
  const scratch = path.join(order.attemptDir, 'scratch');
  return {
    redact,
    wrap: sandboxWords(order, bubblewrapIn(env), homes),
    env: { TMPDIR: scratch },
    directories: [scratch],
  };
}

/** bubblewrap(1): all of the machine to be read, and of it what the order's sandbox opens to be written. */
export function sandboxWords(
  order: HeldOrder,
  program: string,
  homes: readonly string[],
): string[] {
  const { sandbox, cwd, attemptDir, writableRoots } = order;
  const roots = sandbox === 'read-only' ? [] : [cwd, ...writableRoots];
  const closed =
    sandbox === 'read-only' ? [] : [...keptOfProgram(order), ...closedIn(order, roots)];
  const bind = (how: '--bind' | '--ro-bind') => (file: string) => [how, realPathOf(file), file];
  return [
    ...[program, '--ro-bind', '/', '/', '--dev', '/dev'],
    // Of the system's own switches root could write to some.
    ...['--unshare-pid', '--proc', '/proc', '--ro-bind', '/proc/sys', '/proc/sys'],
    ...roots.flatMap(bind('--bind')),
    ...closed.flatMap(bind('--ro-bind')),
    // Last: one of its own lies in the program.
    ...homes.flatMap(bind('--bind')),
    ...bind('--bind')(attemptDir),
    ...['--die-with-parent', '--chdir', cwd, '--'],
  ];
}

/**
 * Unless it is said, the repository of each root: what its configuration and hooks name, the person's own git would run.
 * An agent may have removed it: then there is nothing to close. A link leads out of the root, or is none of git's making.
 */
function closedIn({ closed }: HeldOrder, roots: readonly string[]): string[] {
  const repositories = roots.map((root) => path.join(root, '.git'));
  return (closed ?? repositories.filter((one) => !roots.includes(one))).filter((file) =>
    ['file', 'directory'].includes(kindAt(file)),
  );
}

/** Why nothing can be held by bubblewrap on this machine; null: it can. `env`: of whoever would be held. */
export async function sandboxProblem(env: NodeJS.ProcessEnv): Promise<string | null> {
  const program = findExecutable('bwrap', env['PATH'] ?? '');
  if (program === null) return 'bwrap is not on PATH';
  const words = ['--ro-bind', '/', '/', '--dev', '/dev', '--unshare-pid', '--proc', '/proc'];
  const argv = [...words, '--ro-bind', '/proc/sys', '/proc/sys', '--die-with-parent', '--', 'true'];
  const { code, stderr } = await runBriefly([program, ...argv], { env, timeoutMs: 10_000 });
  return code === 0 ? null : `bwrap does not work here: ${stderr.trim().split('\n')[0] ?? ''}`;
}

/** Absolute. @throws Refusal `sandbox-missing` */
export function bubblewrapIn(env: NodeJS.ProcessEnv): string {
  const found = findExecutable('bwrap', env['PATH'] ?? '');
  if (found !== null) return found;
  throw new Refusal(
    'sandbox-missing',
    'The sandbox of "wrap: sandbox" needs bwrap, which is not on PATH.',
    {
      hint: 'Install the package bubblewrap; `codex-orch doctor` says when it is there.',
    },
  );
}

/** The `codex-orch` of this installation, which is the first on the PATH of an attempt. */
function ownCommand(env: NodeJS.ProcessEnv): string {
  const found = findExecutable('codex-orch', env['PATH'] ?? '');
  if (found !== null) return found;
  const message =
    'The secrets of the agent cannot be kept: codex-orch is not on the PATH of the attempt.';
  throw new Refusal('secrets-unkept', message);
}
