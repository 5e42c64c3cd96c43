/**
 * Starts the process of an attempt, or has the launcher do it. An attempt runs under a few lines of POSIX shell which cost
 * about a millisecond and keep what an engine cannot keep once it is dead: the right to run, and the
 * exit code.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { remove } from '../../disk/disk.ts';
import { faultPoint } from '../../disk/fault-point.ts';
import { ownScope } from '../../processes/identity.ts';
import { claimFile, identityFile, type AttemptFiles } from './attempt-files.ts';
import { Launcher, type LaunchOutcome, type LaunchRequest } from './launcher.ts';
import type { AttemptOrder } from '../../model/attempt.ts';

/**
 * What the shell of an attempt does: $1 identity, $2 claim, $3 exit, $4 boot id, $5 pid namespace, $6 host,
 * then the agent's argv.
 * - Builtins only, so that nothing forks but the agent (`ps` only where there is no /proc).
 * - The traps let it outlive the group's TERM, INT and HUP, so as to record the exit, and the end of
 *   whoever reads its report; a trapped signal is back to its default in the agent. The agent runs in
 *   the foreground: a shell gives background children /dev/null as standard input, and ignores INT for
 *   them.
 * - Its own standard error is dropped: shells comment on the death of a child by signal. The subshell
 *   costs no fork (it becomes the agent), and keeps dash from redirecting itself meanwhile.
 * - noclobber makes creating the claim exclusive, also against an engine's void claim. A second
 *   wrapper of a generation stops at the identity file already.
 * - The exit file is opened, and has its block, before the agent runs: so that the exit is recorded on a full
 *   disk, too, and nothing is opened by name once the agent could have put something else there.
 * - The agent does not inherit our descriptors, nor variables of ours: $@ and `set` need none.
 */
function wrapper({ pid, report }: { pid: string; report: string }): string {
  return `trap : TERM INT HUP QUIT PIPE
exec 3>&2 2>/dev/null
set -C
IFS= read -r _codex_orch_stat </proc/${pid}/stat || _codex_orch_stat=$(LC_ALL=C ps -o lstart= -p ${pid})
printf '%s\\n' "${pid}" "$_codex_orch_stat" "$4" "$5" "$6" >"$1" || exit 75
printf 'run\\n' >"$2" || exit 75
exec 8<>"$3"
printf '\\n' >&8
${report}
unset _codex_orch_stat
shift 6
(exec "$@" 2>&3 3>&- 8>&- 9>&-)
set -- $?
printf '%s\\n' "$1" >&8
exit "$1"`;
}

const ownShell = wrapper({ pid: '$$', report: '' });
const ofLauncher = wrapper({
  pid: '$BASHPID',
  report: `printf '%s\\n' "$_codex_orch_id $BASHPID $_codex_orch_stat" >&9`,
});

/** A launcher for the attempts of one engine, with this environment; null where none is to be had. */
export function startLauncher(env: Readonly<NodeJS.ProcessEnv>): Launcher | null {
  return Launcher.start(ofLauncher, env);
}

/** The wrapper's exit code when the right to run was already taken. */
export const claimTakenCode = 75;

/** How an attempt's process came to be. */
export type Launched =
  | { kind: 'child'; child: ChildProcess }
  /** It was there before: of a history that the log has lost. */
  | { kind: 'claimed' }
  | LaunchOutcome;

/**
 * Starts an attempt's process: own process group, standard input from prompt.md, output appended to
 * events.jsonl and stderr.log. Throws what opening files or spawning throws; a failure to execute
 * arrives as the child's 'error' event.
 */
export async function launchAttempt(
  order: AttemptOrder,
  files: AttemptFiles,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  launcher: Launcher | null,
): Promise<Launched> {
  const claim = claimFile(files, order.generation);
  if (existsSync(claim)) return { kind: 'claimed' };
  // Left by an engine that was stopping a generation which never came to run.
  if (order.generation > 0) remove(files.stop);
  const { bootId, pidNamespace, host } = ownScope();
  const ours = [identityFile(files, order.generation), claim, files.exit];
  const words = [...ours, bootId, pidNamespace, host, ...argv];
  const { prompt: stdin, stdout, stderr } = files;
  const request: LaunchRequest = { cwd: order.cwd, env, stdin, stdout, stderr, words };
  if (launcher?.accepts(request)) {
    faultPoint('spawn', order.attemptDir);
    return launcher.launch(request);
  }
  const descriptors: number[] = [];
  try {
    descriptors.push(openSync(stdin, 'r'));
    faultPoint('write', stdout);
    descriptors.push(openSync(stdout, 'a'), openSync(stderr, 'a'));
    faultPoint('spawn', order.attemptDir);
    const child = spawn('/bin/sh', ['-c', ownShell, 'codex-orch-attempt', ...words], {
      cwd: order.cwd,
      env,
      detached: true,
      stdio: descriptors as [number, number, number],
    });
    return { kind: 'child', child };
  } finally {
    for (const fd of descriptors) closeSync(fd);
  }
}

/** Why a directory cannot be worked in, or null where it can. Node blames the program instead. */
export function directoryProblem(directory: string): string | null {
  try {
    return statSync(directory).isDirectory() ? null : `${directory} is not a directory`;
  } catch {
    return `${directory} does not exist`;
  }
}
