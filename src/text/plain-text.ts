/**
 * Text that agents and authors wrote, made safe to print on a terminal: no escape sequence, no control
 * character, nothing that turns the direction of reading. What they wrote must not move the cursor, set
 * the title, fill the clipboard, or look like something else.
 */

// ECMA-48 control sequences and strings, seven- and eight-bit forms, ended or cut off by the end of the text.
const sequences = new RegExp(
  [
    // OSC, DCS, SOS, PM, APC: up to BEL or ST.
    String.raw`(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c|$)?`,
    // CSI.
    String.raw`(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?`,
    // All other escape sequences.
    String.raw`\u001b[ -/]*[0-~]?`,
  ].join('|'),
  'g',
);
// C0 but tab and newline, DEL, C1, and the bidirectional controls (Unicode TR 36).
const controls =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Keeps tabs and newlines; a lone carriage return, as progress bars print it, becomes a newline. */
export function plainText(text: string): string {
  return text
    .replace(sequences, '')
    .replace(/\r+\n/g, '\n')
    .replaceAll('\r', '\n')
    .replace(controls, '');
}

/** All on one line: runs of white space become one blank. */
export function plainLine(text: string): string {
  return plainText(text).replace(/\s+/g, ' ').trim();
}
