/** How long a word of a command line, or a variable, may be. Pure. */

/** Linux takes none of more bytes than this (MAX_ARG_STRLEN less the NUL at its end, execve(2)). */
const LONGEST_WORD_BYTES = 128 * 1024 - 1;

/** What is wrong with a word, after its name: `has 140000 bytes, and …`; null where it is short enough. */
export function tooLong(word: string): string | null {
  // No character of a text takes more than three bytes of UTF-8.
  if (word.length * 3 <= LONGEST_WORD_BYTES) return null;
  const bytes = Buffer.byteLength(word);
  if (bytes <= LONGEST_WORD_BYTES) return null;
  return `has ${bytes} bytes, and the system takes at most ${LONGEST_WORD_BYTES} at once; hand it over in a file`;
}
