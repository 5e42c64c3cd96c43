/**
 * The launcher as a shell script. Linux with bash only: dash has no process groups without a terminal.
 */
import { existsSync } from 'node:fs';
import { shellWord } from '../../text/shell-word.ts';
import { ofLauncher } from './attempt-shell.ts';
import type { Environment, LaunchRequest, LauncherProgram } from './launcher.ts';

const programs = ['/bin/bash', '/usr/bin/bash'];

/** null where there is no bash. */
export function shellLauncher(): LauncherProgram | null {
  const file = programs.find((each) => existsSync(each));
  if (file === undefined) return null;
  // -p: no BASH_ENV, and no functions from the environment. --norc: bash(1) takes itself for run by a remote shell
  // daemon where its input is a socket, as Node's pipes are, and SHLVL says that no shell is around it.
  const words = ['--norc', '-p', '-c', launcherScript(ofLauncher), 'codex-orch-launcher'];
  return { argv: [file, ...words], encode };
}

/**
 * - `set -m` gives each job a process group of its own, and leaves INT as it is: without it a shell
 *   ignores INT for its background jobs, and so would the agent.
 * - Requests have their length in front, because a shell reads a line of unknown length byte by byte.
 * - Descriptor 9 is the report; the agent does not get it. `_codex_orch_id` alone on a line says that the
 *   attempt is over; the trap says so also where a file cannot be opened.
 * - What is printed is the person's alone; the agent has the umask that we were started with.
 * - An empty line says that an attempt has left the process table. A shell before bash 5 says it late.
 */
function launcherScript(attempt: string): string {
  const mask = process.umask().toString(8).padStart(4, '0');
  return `set -m
trap echo CHLD
attempt() {
exec 9>&1 >/dev/null
trap 'printf "%s\\n" "$_codex_orch_id" >&9' EXIT
umask 077
exec <"$1" >>"$2" 2>>"$3" || exit
umask ${mask}
shift 3
${attempt}
}
while IFS= read -r -N 8 _codex_orch_size && IFS= read -r -N "$((10#$_codex_orch_size))" _codex_orch_request
do
(eval "$_codex_orch_request") &
disown
done`;
}

function encode(
  id: string,
  { cwd, env, stdin, stdout, stderr, words }: LaunchRequest,
  own: Environment,
): string | null {
  const canMake = (name: string): boolean =>
    isIdentifier(name) ? !ownNames.test(name) : env[name] === own[name];
  if (!Object.keys(env).every(canMake)) return null;
  const set = Object.keys(env).filter(
    (name) => env[name] !== own[name] || changedByBash.includes(name),
  );
  const unset = [...Object.keys(own), ...changedByBash].filter(
    (name) => env[name] === undefined && isIdentifier(name),
  );
  return [
    `_codex_orch_id=${id}`,
    `cd -- ${quoted(cwd)}`,
    ...unset.map((name) => `unset ${name}`),
    ...set.map((name) => `export ${name}=${quoted(env[name] ?? '')}`),
    `attempt ${[stdin, stdout, stderr, ...words].map(quoted).join(' ')}`,
  ].join('\n');
}

/** Reset by bash when it starts, or by its `cd`. */
const changedByBash = ['SHLVL', 'PWD', 'OLDPWD'];

/** Names that bash takes for its own: it would not hand them on as they are. See bash(1), Shell Variables. */
const ownNames =
  /^(BASH.*|COMP_.*|COPROC|DIRSTACK|EPOCH.*|E?UID|FUNC.*|GROUPS|HIST.*|HOSTFILE|IFS|IGNOREEOF|LINENO|MAPFILE|OPT(ARG|ERR|IND)|PIPESTATUS|POSIXLY_CORRECT|PPID|PS4|S?RANDOM|READLINE_.*|REPLY|SECONDS|SHELLOPTS|TMOUT|CDPATH|GLOBIGNORE|histchars|auto_resume)$/;

function isIdentifier(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}

/**
 * A word of a request, in ASCII alone: then characters are bytes, whatever the shell's locale. Bytes are
 * written as bash's `$'\xHH'`.
 */
function quoted(word: string): string {
  if (/^[\x20-\x7e]*$/.test(word)) return shellWord(word);
  const bytes = Buffer.from(word, 'utf8');
  const escaped = Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`);
  return `$'${escaped.join('')}'`;
}
