/** In our words, why this machine starts no process for an attempt. */

/** Linux takes no word of a command line, and no variable, of more bytes than this (MAX_ARG_STRLEN, execve(2)). */
const LONGEST_WORD_BYTES = 128 * 1024 - 1;

/** What cannot be handed to a process, known before one is started; null where nothing is known against it. */
export function tooLongFor(argv: readonly string[], env: NodeJS.ProcessEnv): string | null {
  if (process.platform !== 'linux') return null;
  const most = `the system takes at most ${LONGEST_WORD_BYTES} at once; hand it over in a file`;
  const word = argv.findIndex((each) => Buffer.byteLength(each) > LONGEST_WORD_BYTES);
  if (word >= 0) {
    const what = word === 0 ? 'the program' : `argument ${word}`;
    return `${what} has ${Buffer.byteLength(argv[word] ?? '')} bytes, and ${most}`;
  }
  for (const [name, value] of Object.entries(env)) {
    const bytes = Buffer.byteLength(`${name}=${value ?? ''}`);
    if (bytes <= LONGEST_WORD_BYTES) continue;
    return `the variable ${name} has ${bytes} bytes, and ${most}`;
  }
  return null;
}

/** From the error of opening files or starting a process. */
export function launchTrouble(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'E2BIG':
      return 'the arguments and the environment together are larger than this system takes';
    case 'EMFILE':
    case 'ENFILE':
      return `too many files are open to start a process (${error.code}): see ulimit -n`;
    case 'EAGAIN':
    case 'ENOMEM':
      return `this machine starts no more processes now (${error.code}): see ulimit -u, and its memory`;
    default:
      return error.message;
  }
}
