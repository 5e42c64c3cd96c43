/** Words of POSIX shell commands. */

/** `word` as one word of a shell command, quoted where it has to be. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : quotedShellWord(word);
}

/** `word` as one word of a shell command, always in quotes. */
export function quotedShellWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
