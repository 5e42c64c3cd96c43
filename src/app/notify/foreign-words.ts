/**
 * What agents and authors wrote, in a message that says other things too: it neither becomes markup of whoever shows the
 * message, nor looks like the lines around it. Pure.
 */
import { plainText } from '../../text/plain-text.ts';

/** For Slack and for desktops, which take the same three signs for markup. */
export function withoutMarkup(text: string): string {
  return plainText(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Each line as a quotation of Slack's. */
export function quoted(text: string): string {
  return withoutMarkup(text)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}
