/** A patch as `git diff` prints it, by file and line. Pure. */

export interface PatchFile {
  path: string;
  /** Where it was before, if it was moved. */
  from: string | null;
  kind: 'added' | 'deleted' | 'changed' | 'moved';
  binary: boolean;
  added: number;
  removed: number;
  lines: PatchLine[];
}

export interface PatchLine {
  kind: 'add' | 'del' | 'same' | 'hunk' | 'note';
  text: string;
  /** Line numbers before and after; null where the line is not there. */
  before: number | null;
  after: number | null;
}

export function readPatch(patch: string): PatchFile[] {
  return patch
    .split(/^(?=diff --git )/m)
    .filter((part) => part.startsWith('diff --git '))
    .map(readFile);
}

function readFile(part: string): PatchFile {
  const all = part.replace(/\n$/, '').split('\n');
  const begin = all.findIndex((line) => line.startsWith('@@'));
  const head = begin < 0 ? all : all.slice(0, begin);
  const lines = begin < 0 ? [] : readLines(all.slice(begin));
  const named = (prefix: string): string | null => {
    const line = head.find((each) => each.startsWith(prefix));
    return line === undefined ? null : unquoted(line.slice(prefix.length));
  };
  const from = named('rename from ');
  const path =
    named('rename to ') ??
    named('+++ b/') ??
    named('--- a/') ??
    unquoted(/ b\/(.*)$/.exec(all[0] ?? '')?.[1] ?? all[0] ?? '');
  const has = (text: string): boolean => head.some((line) => line.startsWith(text));
  return {
    path,
    from,
    kind: has('new file') ? 'added' : has('deleted file') ? 'deleted' : from ? 'moved' : 'changed',
    binary: has('Binary files') || has('GIT binary patch'),
    added: lines.filter(({ kind }) => kind === 'add').length,
    removed: lines.filter(({ kind }) => kind === 'del').length,
    lines,
  };
}

function readLines(texts: string[]): PatchLine[] {
  let [before, after] = [0, 0];
  return texts.map((text): PatchLine => {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(text);
    if (hunk) {
      [before, after] = [Number(hunk[1]), Number(hunk[2])];
      return { kind: 'hunk', text, before: null, after: null };
    }
    const rest = text.slice(1);
    switch (text[0]) {
      case '+':
        return { kind: 'add', text: rest, before: null, after: after++ };
      case '-':
        return { kind: 'del', text: rest, before: before++, after: null };
      case '\\':
        return { kind: 'note', text: rest.trim(), before: null, after: null };
      default:
        return { kind: 'same', text: rest, before: before++, after: after++ };
    }
  });
}

/** git puts names with unusual characters in quotes. */
function unquoted(name: string): string {
  return name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1) : name;
}
