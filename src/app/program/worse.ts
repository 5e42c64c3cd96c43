/** The one judgement of an edit: does it make the program worse? Pure. */
import type { Diagnostic } from '../../model/diagnostic.ts';

/** A task that has another id after an edit. */
export interface RenamedTask {
  from: string;
  to: string;
}

/**
 * What an edit adds to the problems of a program. Those from before do not count, wherever the edit moved
 * them: to another line, another index of a list, another name. Nor does what came to light because a file
 * can be read that could not be read before.
 */
export function newProblems(
  before: readonly Diagnostic[],
  after: readonly Diagnostic[],
  renamed: RenamedTask | null = null,
): Diagnostic[] {
  if (mended(before, after)) return [];
  const known = new Map<string, number>();
  for (const one of before) {
    const key = keyOf(one, renamed);
    known.set(key, (known.get(key) ?? 0) + 1);
  }
  return after.filter((one) => {
    const key = keyOf(one, null);
    const left = known.get(key) ?? 0;
    known.set(key, left - 1);
    return left <= 0;
  });
}

function keyOf({ code, location, message }: Diagnostic, renamed: RenamedTask | null): string {
  const key = `${code}\0${location}\0${message}`
    .replace(/\[\d+\]/g, '[]')
    .replace(/\bitem \d+ of\b/g, 'item of');
  if (renamed === null) return key;
  const { from, to } = renamed;
  return key
    .replaceAll(`"${from}"`, `"${to}"`)
    .replaceAll(`\0tasks.${from}.`, `\0tasks.${to}.`)
    .replaceAll(`\0tasks.${from}\0`, `\0tasks.${to}\0`)
    .replaceAll(`tasks/${from}.yaml`, `tasks/${to}.yaml`);
}

/** Whether fewer files cannot be read than before, and none that could be. */
function mended(before: readonly Diagnostic[], after: readonly Diagnostic[]): boolean {
  const [old, now] = [before, after].map(unreadable);
  if (!old || !now) return false;
  return now.size < old.size && [...now].every((file) => old.has(file));
}

function unreadable(diagnostics: readonly Diagnostic[]): Set<string> {
  const found = diagnostics.filter(
    ({ severity, code }) =>
      severity === 'error' && (code.startsWith('yaml.') || code === 'file.not_utf8'),
  );
  return new Set(found.map(({ file }) => file ?? ''));
}
