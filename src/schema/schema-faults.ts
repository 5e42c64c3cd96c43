/** Where a JSON Schema is none: the file, the place in it, and why. Pure. */
import type { Ajv, ErrorObject } from 'ajv';
import { isJsonObject, type Json } from '../model/json.ts';
import { Refusal } from '../model/refusal.ts';

export interface SchemaFault {
  /** Relative to the directory in which schemas are looked up. */
  file: string;
  /** Keys and indices from the root of the file. */
  path: (string | number)[];
  /** A predicate of what stands there, or a sentence about it: `must be one of "array", …`. */
  message: string;
}

const MAX_FAULTS = 10;

/** The faults that a refusal of this folder names; none where it is about a file as a whole. */
export function faultsOf(refusal: Refusal): SchemaFault[] {
  const { data } = refusal;
  return typeof data === 'object' && data !== null && 'faults' in data
    ? (data.faults as SchemaFault[])
    : [];
}

/** With each fault's file and JSON pointer in the message. */
export function invalidSchema(file: string, faults: readonly SchemaFault[]): Refusal {
  const all = faults.map(({ file: where, path, message }) => {
    const place = path.length === 0 ? '' : `at ${pointerOf(path)}: `;
    return `${where === file ? '' : `${where}: `}${place}${message}`;
  });
  return new Refusal('schema-invalid', `${file} is no valid JSON Schema: ${all.join('; ')}`, {
    data: { faults },
  });
}

/** What a validator said against `schema`, by place. `placeOf`: from the bundle to the file. */
export function faultsFound(
  error: Error,
  ajv: Ajv,
  schema: Json,
  placeOf: (path: readonly string[]) => { file: string; path: string[] },
  describe: (errors: readonly ErrorObject[]) => { pointer: string; message: string }[],
): SchemaFault[] {
  const { missingRef } = error as { missingRef?: unknown };
  const found =
    typeof missingRef === 'string'
      ? placesWhere(schema, (key, value) => /^\$(dynamicR|r)ef$/.test(key) && value === missingRef)
      : error instanceof SyntaxError
        ? placesWhere(schema, isBrokenPattern)
        : null;
  const message = typeof missingRef === 'string' ? 'leads to nothing' : error.message;
  const faults =
    found?.map((path) => ({ path, message })) ??
    distinct(describe(ajv.errors ?? [])).map((one) => ({
      path: partsOf(one.pointer),
      message: one.message,
    }));
  if (faults.length === 0) faults.push({ path: [], message });
  return faults.slice(0, MAX_FAULTS).map((fault) => {
    const place = placeOf(fault.path);
    const within = asPath(schema, fault.path).slice(fault.path.length - place.path.length);
    return { file: place.file, path: within, message: fault.message };
  });
}

/** Of several for one place the last: what is allowed says more than the types that it has. */
function distinct<T extends { pointer: string }>(problems: readonly T[]): T[] {
  return [...new Map(problems.map((one) => [one.pointer, one])).values()];
}

function isBrokenPattern(key: string, value: Json): boolean {
  const patterns =
    key === 'pattern'
      ? [value]
      : key === 'patternProperties' && isJsonObject(value)
        ? Object.keys(value)
        : [];
  return patterns.some((pattern) => {
    try {
      return typeof pattern === 'string' && new RegExp(pattern, 'u').source === '';
    } catch {
      return true;
    }
  });
}

function placesWhere(value: Json, isMeant: (key: string, value: Json) => boolean): string[][] {
  const found: string[][] = [];
  const visit = (node: Json, path: string[]): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, below] of Object.entries(node) as [string, Json][]) {
      if (isMeant(key, below)) found.push([...path, key]);
      visit(below, [...path, key]);
    }
  };
  visit(value, []);
  return found;
}

/** Digits count as an index where they stand in a list. */
function asPath(root: Json, parts: readonly string[]): (string | number)[] {
  let here: Json | undefined = root;
  return parts.map((part) => {
    const isIndex: boolean = Array.isArray(here);
    here =
      typeof here === 'object' && here !== null ? (here as Record<string, Json>)[part] : undefined;
    return isIndex ? Number(part) : part;
  });
}

function partsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function pointerOf(path: readonly (string | number)[]): string {
  return path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
