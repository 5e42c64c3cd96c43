/**
 * An attempt runs under a few lines of POSIX shell which cost about a millisecond and keep what an engine cannot keep
 * once it is dead: the right to run, and the exit code. (The native launcher has a process of its own for that.)
 */

/**
 * What the shell of an attempt does: $1 identity, $2 claim, $3 exit, $4 boot id, $5 pid namespace, $6 host,
 * then the agent's argv.
 * - Builtins only, so that nothing forks but the agent (`ps` only where there is no /proc).
 * - The traps let it outlive the group's TERM, INT and HUP, so as to record the exit, and the end of
 *   whoever reads its report; a trapped signal is back to its default in the agent. The agent runs in
 *   the foreground: a shell gives background children /dev/null as standard input, and ignores INT for
 *   them. Where it was asked to stop before the agent began, the agent does not begin: it would never hear of it.
 * - Its own standard error is dropped: shells comment on the death of a child by signal. The subshell
 *   costs no fork (it becomes the agent), and keeps dash from redirecting itself meanwhile.
 * - noclobber makes creating the claim exclusive, also against an engine's void claim. A second
 *   wrapper of a generation stops at the identity file already.
 * - The exit file is opened, and has its block, before the agent runs: so that the exit is recorded on a full
 *   disk, too, and nothing is opened by name once the agent could have put something else there.
 * - The agent does not inherit our descriptors, nor variables of ours: $@ and `set` need none.
 */
function wrapper({ pid, report }: { pid: string; report: string }): string {
  return `trap _codex_orch_asked=143 TERM
trap _codex_orch_asked=130 INT
trap _codex_orch_asked=129 HUP
trap : QUIT PIPE
unset _codex_orch_asked
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
if [ "$_codex_orch_asked" ]; then
set -- "$_codex_orch_asked"
else
(exec "$@" 2>&3 3>&- 8>&- 9>&-)
set -- $?
fi
printf '%s\\n' "$1" >&8
exit "$1"`;
}

/** For `sh -c`, where the engine forks. */
export const ownShell = wrapper({ pid: '$$', report: '' });
/** For a launcher that is a shell: forked from it, never executed. */
export const ofLauncher = wrapper({
  pid: '$BASHPID',
  report: `printf '%s\\n' "$_codex_orch_id $BASHPID $_codex_orch_stat" >&9`,
});

/** The exit code of a wrapper when the right to run was already taken. */
export const claimTakenCode = 75;
