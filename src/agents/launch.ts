/**
 * The one file that starts processes. An attempt runs under a few lines of POSIX shell which cost
 * about a millisecond and keep what an engine cannot keep once it is dead: the right to run, and the
 * exit code.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { makeDirectory, remove } from '../files/disk.ts';
import { faultPoint } from '../files/fault-point.ts';
import { ownScope } from '../files/process-identity.ts';
import { attemptFiles, claimFile, identityFile } from './attempt-files.ts';
import type { AgentLaunch } from './launch-spec.ts';

/**
 * $1 identity, $2 claim, $3 exit, $4 boot id, $5 pid namespace, $6 host, then the agent's argv.
 * - Builtins only, so that nothing forks but the agent (`ps` only where there is no /proc).
 * - The traps let it outlive the group's TERM, INT and HUP, so as to record the exit; a trapped signal
 *   is back to its default in the agent. The agent runs in the foreground: a shell gives background
 *   children /dev/null as standard input, and ignores INT for them.
 * - Its own standard error is dropped: shells comment on the death of a child by signal. The subshell
 *   costs no fork (it becomes the agent), and keeps dash from redirecting itself meanwhile.
 * - noclobber makes creating the claim exclusive, also against an engine's void claim. A second
 *   wrapper of a generation stops at the identity file already.
 * - The exit file has its block before the agent runs, and is written over in place, so that the exit is
 *   recorded on a full disk, too.
 * - The agent does not inherit descriptor 3, nor variables of ours: $@ and `set` need none.
 */
const wrapper = `trap : TERM INT HUP QUIT
exec 3>&2 2>/dev/null
set -C
IFS= read -r _codex_orch_stat </proc/$$/stat || _codex_orch_stat=$(LC_ALL=C ps -o lstart= -p $$)
printf '%s\\n' "$$" "$_codex_orch_stat" "$4" "$5" "$6" >"$1" || exit 75
printf 'run\\n' >"$2" || exit 75
printf '\\n' >|"$3"
unset _codex_orch_stat
_codex_orch_exit=$3
shift 6
(exec "$@" 2>&3 3>&-)
set -- $?
printf '%s\\n' "$1" 1<>"$_codex_orch_exit"
exit "$1"`;

/** The wrapper's exit code when the right to run was already taken. */
export const claimTakenCode = 75;

/**
 * Starts an attempt's process: own process group, standard input from prompt.md, output appended to
 * events.jsonl and stderr.log. Throws what opening files or spawning throws; a failure to execute
 * arrives as the child's 'error' event.
 */
export function launchAttempt(
  launch: AgentLaunch,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): ChildProcess {
  const files = attemptFiles(launch.attemptDir);
  const claim = claimFile(files, launch.generation);
  if (existsSync(claim)) {
    throw new Error(`attempt ${launch.attemptDir} was already started (${claim} exists)`);
  }
  makeDirectory(files.processDir);
  // Left by an engine that was stopping a generation which never came to run.
  if (existsSync(files.stop)) remove(files.stop);
  const { bootId, pidNamespace, host } = ownScope();
  const ours = [identityFile(files, launch.generation), claim, files.exit];
  const descriptors: number[] = [];
  try {
    descriptors.push(openSync(files.prompt, 'r'));
    faultPoint('write', files.stdout);
    descriptors.push(openSync(files.stdout, 'a'), openSync(files.stderr, 'a'));
    faultPoint('spawn', launch.attemptDir);
    return spawn(
      '/bin/sh',
      ['-c', wrapper, 'codex-orch-attempt', ...ours, bootId, pidNamespace, host, ...argv],
      { cwd: launch.cwd, env, detached: true, stdio: descriptors as [number, number, number] },
    );
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
