/** Where two JSON values are the same, and where two lists differ. Pure. */
import { ExactNumber, isJsonObject, stringifyJson, type Json } from '../../model/json.ts';

/** By value; fields in any order. */
export function isSameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a instanceof ExactNumber || b instanceof ExactNumber) {
    return a instanceof ExactNumber && b instanceof ExactNumber && String(a) === String(b);
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSameJson(item, b[index]));
  }
  if (a === undefined || b === undefined || !isJsonObject(a) || !isJsonObject(b))
    return Object.is(a, b);
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSameJson(a[name], b[name]))
  );
}

export interface Gap {
  /** Index in the old list. */
  at: number;
  old: Json[];
  value: Json[];
}

/** Where two lists differ, in their order: what stays is the longest that they have in common. */
export function gapsBetween(old: readonly Json[], value: readonly Json[]): Gap[] {
  const [a, b] = [old, value].map((list) => list.map((item) => stringifyJson(item)));
  if (!a || !b) return [];
  const common = Array.from({ length: a.length + 1 }, () =>
    new Array<number>(b.length + 1).fill(0),
  );
  const get = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const row = common[i];
      if (row)
        row[j] = a[i] === b[j] ? get(i + 1, j + 1) + 1 : Math.max(get(i + 1, j), get(i, j + 1));
    }
  }
  const gaps: Gap[] = [];
  let gap: Gap = { at: 0, old: [], value: [] };
  const close = (next: number): void => {
    if (gap.old.length + gap.value.length > 0) gaps.push(gap);
    gap = { at: next, old: [], value: [] };
  };
  for (let [i, j] = [0, 0]; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      i += 1;
      j += 1;
      close(i);
    } else if (j >= b.length || (i < a.length && get(i + 1, j) >= get(i, j + 1))) {
      gap.old.push(old[i] ?? null);
      i += 1;
    } else {
      gap.value.push(value[j] ?? null);
      j += 1;
    }
  }
  close(a.length);
  return gaps;
}
