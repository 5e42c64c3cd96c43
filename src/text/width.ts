/**
 * How many columns a text takes on a terminal, and how to make it fit. Nothing here cuts through what a reader
 * sees as one character: a letter with its accents, a flag, a family of emoji.
 */

// East Asian Width W and F (Unicode TR 11) by blocks. The emoji that are wide by themselves, Unicode knows by property.
const wideCharacter =
  /^(?:[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})$/u;
// What stands on, or within, the character before it; Hangul vowels and final consonants too.
const noWidth = /^[\p{Mn}\p{Me}\p{Cc}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff\u{1f3fb}-\u{1f3ff}]$/u;
// Several code points that are one picture: with a joiner, a colour of the skin, an emoji's variation, a key; flags.
const picture =
  /^(?:\p{Extended_Pictographic}.*[\u200d\ufe0f\u{1f3fb}-\u{1f3ff}]|\p{Regional_Indicator}{2}$|[\u{1f3fb}-\u{1f3ff}]|[0-9#*]\ufe0f?\u20e3)/u;
const TAB = 8;
/** More than any script needs: what piles up more marks than this is cut off whole. */
const MAX_GRAPHEME_UNITS = 64;

/** Columns of plain text (no escape sequences) that begins at the left edge, where tabs count from. */
export function textWidth(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemes(text)) width += graphemeWidth(grapheme, width);
  return width;
}

/** Cuts plain text to at most `columns`; what is cut off is marked by an ellipsis. */
export function fit(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (text.length <= columns && isAscii(text)) return text;
  let [width, units] = [0, 0];
  // Where the ellipsis would stand.
  let cut = 0;
  for (const grapheme of graphemes(text)) {
    width += graphemeWidth(grapheme, width);
    if (width > columns || grapheme.length > MAX_GRAPHEME_UNITS) return `${text.slice(0, cut)}…`;
    units += grapheme.length;
    if (width < columns) cut = units;
  }
  return text;
}

/** At most `most` UTF-16 units of `text`, its last one an ellipsis where something was cut off. */
export function beginning(text: string, most: number): string {
  if (text.length <= most) return text;
  let units = 0;
  for (const grapheme of graphemes(text.slice(0, most + MAX_GRAPHEME_UNITS))) {
    if (units + grapheme.length > most - 1) break;
    units += grapheme.length;
  }
  return `${text.slice(0, units)}…`;
}

/** Fills plain text with blanks up to `columns`. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

/**
 * Breaks plain text at blanks into lines of at most `columns`. A longer word stands on its own, uncut, so that
 * addresses and commands can be copied; only scripts that have no blanks are broken between characters. `whole`: any
 * word is, where what does not fit would be cut off.
 */
export function wrap(text: string, columns: number, whole = false): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ').flatMap((each) => pieces(each, columns, whole))) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && textWidth(longer) > columns) {
        lines.push(line);
        line = word;
      } else {
        line = longer;
      }
    }
    lines.push(line);
  }
  return lines;
}

function pieces(word: string, columns: number, whole: boolean): string[] {
  if ((isAscii(word) && !whole) || textWidth(word) <= columns) return [word];
  const found: string[] = [];
  let [piece, width] = ['', 0];
  for (const grapheme of graphemes(word)) {
    const next = graphemeWidth(grapheme, width);
    if (piece !== '' && width + next > columns) {
      found.push(piece);
      [piece, width] = ['', 0];
    }
    piece += grapheme;
    width += next;
  }
  return [...found, piece];
}

let segmenter: Intl.Segmenter | null = null;

/** What a reader sees as one character each. */
function* graphemes(text: string): Generator<string> {
  if (isAscii(text)) return yield* text;
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/** `at`: the column in which it begins. */
function graphemeWidth(grapheme: string, at: number): number {
  if (grapheme === '\t') return TAB - (at % TAB);
  if (grapheme.length === 1 && isAscii(grapheme)) return 1;
  if (picture.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) {
    if (!noWidth.test(character)) width += wideCharacter.test(character) ? 2 : 1;
  }
  return width;
}

function isAscii(text: string): boolean {
  return /^[\u0020-\u007e]*$/.test(text);
}
