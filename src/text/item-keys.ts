/** What names the items of a list: in lists, in directories and in commands. Pure. */
import { ExactNumber, stringifyJson, type Json } from '../model/json.ts';
import { kindOfValue, shortened } from './shown.ts';
import { valueAt } from './value-at.ts';

export interface ItemKeys {
  /** In the order of the items; of one that has none, the place. */
  keys: string[];
  problems: ItemProblem[];
}

/** An item without a key of its own. */
export interface ItemProblem {
  index: number;
  /** A clause about it, such as `has no "file"`. */
  reason: string;
}

/** `path`: where the key is in an item; null: the items are named by their places, from 0. */
export function keysOfItems(items: readonly Json[], path: string | null): ItemKeys {
  if (path === null) return { keys: items.map((_item, index) => String(index)), problems: [] };
  const problems: ItemProblem[] = [];
  const owners = new Map<string, number>();
  const steps = path.split('.');
  const keys = items.map((item, index) => {
    const found = keyOf(item, steps, path);
    if (!found.ok) {
      problems.push({ index, reason: found.reason });
      return String(index);
    }
    const { key } = found;
    // On many disks a file is the same file whatever the case of its name.
    const plain = key.normalize('NFC').toLowerCase();
    const owner = owners.get(plain);
    if (owner === undefined) owners.set(plain, index);
    else {
      problems.push({ index, reason: `has the key "${shortened(key, 60)}" of item ${owner}` });
    }
    return key;
  });
  return { keys, problems };
}

function keyOf(
  item: Json,
  steps: readonly string[],
  path: string,
): { ok: true; key: string } | { ok: false; reason: string } {
  const at = valueAt(item, steps, 'the item');
  if (!at.ok) return { ok: false, reason: `has no key: ${at.reason}` };
  const { value } = at;
  if (typeof value === 'number' || value instanceof ExactNumber) {
    return { ok: true, key: stringifyJson(value) };
  }
  if (typeof value !== 'string') {
    const reason = `has no key: its "${path}" is ${kindOfValue(value)}, not a text or a number`;
    return { ok: false, reason };
  }
  if (value.trim() === '') return { ok: false, reason: `has no key: its "${path}" is empty` };
  return { ok: true, key: value };
}
