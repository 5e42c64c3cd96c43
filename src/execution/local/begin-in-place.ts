/**
 * A directory is exchanged for a link between the engine's look at it and the start of what is to work there, by another
 * worker who may write beside it: a command that nothing holds would then do elsewhere what it was to do there. Which
 * directory a process is in, its name can no longer change; so the process looks itself, once it is there.
 */

/** Not among what a program exits with that was found and executed. */
const NOT_EXECUTABLE = 126;

/** The output's end keeps what stands before it: a name may end in a newline. */
const look = `if [ "$(pwd -P; echo .)" != "$1
." ]; then
echo "it did not begin: its workspace was exchanged for another directory after it was looked at" >&2
exit ${NOT_EXECUTABLE}
fi
shift
exec "$@"`;

/** Words to be put before those of the agent; none where nobody needs to look. */
export function beginningIn(realCwd: string | undefined): string[] {
  return realCwd === undefined ? [] : ['/bin/sh', '-c', look, 'codex-orch-attempt', realCwd];
}
