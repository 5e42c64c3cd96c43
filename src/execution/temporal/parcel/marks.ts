/**
 * The three places that the paths of an attempt lie in, and what stands for them on the way: marks with a random part,
 * which nobody can have written before. So nothing of one machine's paths is another's. Pure but for the draw.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { isJsonObject, setField, type Json, type JsonObject } from '../../../model/json.ts';
import type { AttemptOrder } from '../../../model/attempt.ts';

/** Absolute on a machine; marks on the way. */
export interface Roots {
  /** `.runs/<run-id>` */
  run: string;
  /** What the tree of the attempt lies in; null: it has none. */
  tree: string | null;
  program: string;
}

export function drawMarks(): Roots {
  const drawn = randomBytes(12).toString('hex');
  const mark = (of: string): string => `@{codex-orch ${drawn} ${of}}`;
  return { run: mark('run'), tree: mark('tree'), program: mark('program') };
}

/** Where an order's paths lie on the machine of its run. */
export function rootsOfOrder({ remote, programDir }: AttemptOrder): Roots {
  return {
    run: remote?.runDir ?? programDir,
    tree: remote?.tree?.folder ?? null,
    program: programDir,
  };
}

/** Where they lie on a worker. */
export function rootsAt(place: string): Roots & { tree: string } {
  const at = (name: string): string => path.join(place, name);
  return { run: at('run'), tree: at('tree'), program: at('program') };
}

export type Translate = (text: string) => string;

/** Puts each place of one side for that of the other, the longest first; also in the middle of a text. */
export function translation(from: Roots, to: Roots): Translate {
  const pairs = (['run', 'tree', 'program'] as const)
    .flatMap((name): [string, string][] => {
      const [there, here] = [from[name], to[name]];
      return there === null || here === null ? [] : [[there, here]];
    })
    .sort(([a], [b]) => b.length - a.length);
  const known = new Map(pairs);
  const any = pairs.map(([each]) => each.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|');
  // Not within a longer name: /home/me/p is no part of /home/me/plans.
  const pattern = new RegExp(String.raw`(?<![\w.-])(?:${any})(?![\w-]|\.\w)`, 'g');
  return (text) => text.replace(pattern, (found) => known.get(found) ?? found);
}

/** In all texts of a value; names of fields stay. */
export function translated<T extends Json>(value: T, translate: Translate): T {
  return each(value, translate) as T;
}

function each(value: Json, translate: Translate): Json {
  if (typeof value === 'string') return translate(value);
  if (Array.isArray(value)) return value.map((one) => each(one, translate));
  if (!isJsonObject(value)) return value;
  const all: JsonObject = {};
  for (const [name, one] of Object.entries(value)) setField(all, name, each(one, translate));
  return all;
}
