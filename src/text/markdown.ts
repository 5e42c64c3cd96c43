/** The few pieces of Markdown and shell that prompts are made of. */

/**
 * Text of others, delimited so that nothing in it can end the block: the fence is longer than any run
 * of backticks inside.
 */
export function fenced(text: string, info = 'text'): string {
  let longest = 2;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${info}\n${withoutEndingNewlines(text)}\n${fence}`;
}

/** An expression would look at each newline of a long run again and again. */
function withoutEndingNewlines(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\n') end -= 1;
  return text.slice(0, end);
}

/** Text of others as part of one line. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** The heading or paragraph that a text in Markdown begins with, in one line: marks that say only how it looks go. */
export function openingWords(markdown: string): string {
  const lines = markdown.split('\n');
  const from = Math.max(
    0,
    lines.findIndex((line) => /[\p{L}\p{N}]/u.test(line)),
  );
  const isHeading = /^\s{0,3}#{1,6}\s/.test(lines[from] ?? '');
  const blank = lines.findIndex((line, at) => at > from && line.trim() === '');
  const to = isHeading ? from + 1 : blank < 0 ? lines.length : blank;
  const first = lines.slice(from, to).join(' ');
  const bare = first.replace(/^\s{0,3}(#{1,6}|>|[-*+]|\d{1,9}[.)])\s+/, '');
  return oneLine(bare.replace(/\*\*|__|`/g, '').replace(/\s#+\s*$/, ''));
}

/** As `openingWords`, without stars and lines around words, too; those of a product, a name or a pattern of files stay. */
export function titleWords(markdown: string): string {
  return withoutEmphasis(openingWords(markdown));
}

function withoutEmphasis(text: string): string {
  return text
    .replace(/(?<![^\s([{"'–—-])\*(?=[^\s*])([^*]+)(?<=\S)\*(?![^\s.,;:!?)\]}"'–—-])/g, '$1')
    .replace(/(?<![^\s([{"'–—-])_(?=[^\s_])([^_]+)(?<=\S)_(?![^\s.,;:!?)\]}"'–—-])/g, '$1');
}

/** Joins what is there, a blank line between. */
export function paragraphs(...parts: (string | null | undefined)[]): string {
  return parts
    .filter((part): part is string => typeof part === 'string' && part.trim() !== '')
    .map((part) => part.replace(/^\n+/, '').trimEnd())
    .join('\n\n');
}

export function bullets(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** The words as code, with commas. */
export function codeList(words: readonly string[]): string {
  return words.map(code).join(', ');
}

/** One piece of code in a line, whatever is in it. */
export function code(word: string): string {
  return word.includes('`') ? `\`\` ${word} \`\`` : `\`${word}\``;
}
