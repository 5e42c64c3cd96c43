/** What a path of keys and indexes leads to in a JSON value: the one way to follow a reference. Pure. */
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { kindOfValue } from './shown.ts';
import { didYouMean } from './suggest.ts';

export type ValueAt =
  | { ok: true; value: Json }
  /** `reason`: what is there instead, as a clause; `hint`: the nearest of what would have been right, or null. */
  | { ok: false; reason: string; hint: string | null };

/** An index into a list, as paths write it. */
export const indexPattern = /^(?:0|[1-9][0-9]{0,9})$/;

/** Follows `path` from `value`, which `whole` names. */
export function valueAt(value: Json, path: readonly string[], whole = 'the value'): ValueAt {
  let at = value;
  for (const [depth, step] of path.entries()) {
    const next = childOf(at, step);
    if (next === undefined) {
      const here = depth === 0 ? whole : `"${path.slice(0, depth).join('.')}"`;
      return { ok: false, ...absent(at, step, here) };
    }
    at = next;
  }
  return { ok: true, value: at };
}

/** An input, followed by a path or not: `key` is the longest of the keys that `name` can begin with. */
export type InputAt = { key: string; path: string[] } | null;

/** Which of the keys `name` means, and the path behind it; null where it begins with none. */
export function inputAt(name: string, isKey: (key: string) => boolean): InputAt {
  const words = name.split('.');
  for (let length = words.length; length > 0; length -= 1) {
    const key = words.slice(0, length).join('.');
    const path = words.slice(length);
    if (isKey(key) && !path.includes('')) return { key, path };
  }
  return null;
}

/** The value of an input, followed by a path or not; null where no such input was given. */
export function inputValue(values: JsonObject, name: string): ValueAt | null {
  const named = inputAt(name, (key) => Object.hasOwn(values, key));
  if (named === null) return null;
  return valueAt(values[named.key] ?? null, named.path, `the input "${named.key}"`);
}

function childOf(value: Json, step: string): Json | undefined {
  if (Array.isArray(value)) return indexPattern.test(step) ? value[Number(step)] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function absent(value: Json, step: string, here: string): { reason: string; hint: string | null } {
  if (Array.isArray(value)) {
    const size = value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
    const reason = indexPattern.test(step)
      ? `${here} is ${size}, and has no item ${step} (they count from 0)`
      : `${here} is ${size}: "${step}" is no index`;
    return { reason, hint: null };
  }
  if (!isJsonObject(value)) {
    return { reason: `${here} is ${kindOfValue(value)}, which has no "${step}"`, hint: null };
  }
  const keys = Object.keys(value);
  const few = keys.slice(0, 8).map((key) => JSON.stringify(key));
  const has =
    keys.length === 0 ? 'nothing' : `${few.join(', ')}${keys.length > few.length ? ', …' : ''}`;
  return { reason: `${here} has no "${step}" (it has ${has})`, hint: didYouMean(step, keys) };
}
