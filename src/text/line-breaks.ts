/** Line breaks of texts that went through a text field, which knows one kind only. */

/**
 * `text` with the line breaks that `base` has: a line that is in both keeps its own, a new one gets what most
 * lines of `base` have. The last line ends as before. Text that brings `\r\n` along is left as it is.
 */
export function withLineBreaksOf(base: string, text: string): string {
  const missing = base.endsWith('\n') && text !== '' && !text.endsWith('\n');
  const whole = missing ? `${text}\n` : text;
  if (whole.includes('\r\n') || !base.includes('\r\n')) return whole;
  const old = linesOf(base);
  const lines = linesOf(whole);
  const usual = old.filter((line) => line.endsWith('\r\n')).length * 2 > old.length ? '\r\n' : '\n';
  const same = (a = '', b = ''): boolean =>
    a !== '' && bare(a) === bare(b) && a.endsWith('\n') === b.endsWith('\n');
  let head = 0;
  while (head < lines.length && same(old[head], lines[head])) head += 1;
  let tail = 0;
  while (
    tail < Math.min(old.length, lines.length) - head &&
    same(old[old.length - 1 - tail], lines[lines.length - 1 - tail])
  ) {
    tail += 1;
  }
  const between = lines.slice(head, lines.length - tail);
  return [
    ...old.slice(0, head),
    ...between.map((line) => (line.endsWith('\n') ? bare(line) + usual : line)),
    ...old.slice(old.length - tail),
  ].join('');
}

function bare(line: string): string {
  return line.replace(/\r?\n$/, '');
}

/** Each with its line break. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
