/**
 * What agents and authors wrote, in a message that says other things too: it neither becomes markup of whoever shows the
 * message, nor looks like the lines around it. Pure.
 */

/** C0 but newline, C1, and the bidirectional controls (Unicode TR 36). */
const controls = /[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** For Slack and for desktops, which take the same three signs for markup. */
export function withoutMarkup(text: string): string {
  return text
    .replace(controls, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** Each line as a quotation of Slack's. */
export function quoted(text: string): string {
  return withoutMarkup(text)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}
