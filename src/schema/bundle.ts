/**
 * Reads a JSON Schema (`.json`, `.yaml`, `.yml`) and every schema file it refers to, and makes one
 * document of them in which all references are local. References are paths between files of one
 * directory tree; nothing is ever fetched. The tree is not trusted to be small or sane: its files are
 * bounded in size, number and depth.
 */
import path from 'node:path';
import { isJsonObject, setField } from '../model/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { Refusal } from '../model/refusal.ts';
import { resolveInside } from '../disk/inside.ts';
import { readTextBelow, type ReadText } from '../disk/read-text.ts';
import { withinLimit } from './within-limit.ts';

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 100;
const MAX_DEPTH = 200;

/** Keywords whose value maps names to schemas: the names are not keywords. */
const mapsOfSchemas = new Set([
  '$defs',
  'definitions',
  'dependencies',
  'dependentSchemas',
  'patternProperties',
  'properties',
]);
/** Keywords whose value is data: a `$ref` in there means nothing. */
const data = new Set(['const', 'default', 'enum', 'example', 'examples']);

/** Where schema files are read from, if not from the directory: `file` is relative to it. */
export interface SchemaFiles {
  read(file: string, maxBytes: number): ReadText;
}

export interface SchemaBundle {
  /** The schema with all references local, without the root's `$id`. */
  schema: JsonObject | boolean;
  /** `$schema` of the root, or null. */
  dialect: string | null;
  /** The files it is made of, relative to the root directory; the first is the schema itself. */
  files: string[];
  /** From a path in `schema` to the file that stands there, and the path in that. */
  placeOf: (path: readonly string[]) => { file: string; path: string[] };
  /** True where the file is JSON and refers to no other file: it can be used as it stands. */
  asIs: boolean;
}

interface SchemaFile {
  /** Relative to the root directory, with `/`. */
  file: string;
  content: Json;
  /** Length of its text. */
  chars: number;
  /** Absolute `$id` without fragment, or null. */
  id: string | null;
  /** JSON pointer in the bundle, as a fragment: `#` or `#/$defs/<name>`. */
  base: string;
  /** `$id`s of schemas embedded in the document: references to them stay as they are. */
  embedded: Set<string>;
}

/**
 * Bundles the schema at `relative` (with `/`) inside `root`. Relative `$ref`s are resolved against the
 * file they stand in, whatever `$id` it declares.
 *
 * Throws a Refusal `schema-…` that names the file for: a file missing, unreadable, too large, not JSON
 * or YAML, or outside the root; a reference to a network address; too many files.
 */
export async function bundleSchema(
  root: string,
  relative: string,
  from: SchemaFiles = { read: (file, maxBytes) => readTextBelow(root, file, maxBytes) },
): Promise<SchemaBundle> {
  const files = new Map<string, SchemaFile>();
  const load = async (file: string, askedBy: string): Promise<SchemaFile> => {
    const where = file === askedBy ? file : `${file} (referred to by ${askedBy})`;
    if (files.size >= MAX_FILES) {
      throw new Refusal('schema-too-large', `${askedBy} refers to more than ${MAX_FILES} files.`);
    }
    const text = read(root, file, from, where);
    const parse = await parserOf(where, file);
    const loaded = limited(where, text.length, () =>
      schemaFile(file, { chars: text.length, content: parse(text) }, where, files),
    );
    files.set(file, loaded);
    return loaded;
  };
  const first = await load(relative, relative);
  const queue: SchemaFile[] = [first];
  const definitions: JsonObject = {};
  let schema: Json = true;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const here = next;
    for (const target of limited(here.file, here.chars, () => outsideReferences(here))) {
      if (files.has(target)) continue;
      queue.push(await load(target, here.file));
    }
    // The files that `here` refers to are all known now, so that each reference has its place.
    const rewritten = limited(here.file, here.chars, () =>
      rewrite(here.content, here, files, { inside: false, depth: 0 }),
    );
    if (here === first) schema = rewritten;
    else definitions[here.base.slice('#/$defs/'.length)] = rewritten;
  }
  if (Object.keys(definitions).length > 0 && isJsonObject(schema)) {
    const own = isJsonObject(schema['$defs']) ? schema['$defs'] : {};
    schema = { ...schema, $defs: { ...own, ...definitions } };
  }
  const dialect = isJsonObject(first.content) ? first.content['$schema'] : undefined;
  return {
    schema: schema as JsonObject | boolean,
    dialect: typeof dialect === 'string' ? dialect : null,
    files: [...files.keys()],
    placeOf: (path) => placeOf(path, relative, [...files.values()]),
    asIs: files.size === 1 && first.id === null && first.file.endsWith('.json'),
  };
}

function placeOf(
  path: readonly string[],
  first: string,
  files: readonly SchemaFile[],
): { file: string; path: string[] } {
  const [above, name, ...below] = path;
  const other =
    above === '$defs' ? files.find(({ base }) => base === `#/$defs/${name}`) : undefined;
  return other === undefined ? { file: first, path: [...path] } : { file: other.file, path: below };
}

function schemaFile(
  file: string,
  { chars, content }: Pick<SchemaFile, 'chars' | 'content'>,
  where: string,
  files: Map<string, SchemaFile>,
): SchemaFile {
  if (typeof content !== 'boolean' && !isJsonObject(content)) {
    const message = 'it must be an object';
    throw new Refusal('schema-invalid', `${where} is no JSON Schema: ${message}.`, {
      data: { faults: [{ file, path: [], message }] },
    });
  }
  const id = isJsonObject(content) ? content['$id'] : undefined;
  const embedded = new Set<string>();
  collectEmbeddedIds(content, embedded, where, 0);
  return {
    file,
    content,
    chars,
    id: typeof id === 'string' && hasScheme(id) ? withoutFragment(id) : null,
    base: files.size === 0 ? '#' : `#/$defs/${definitionName(file, files)}`,
    embedded,
  };
}

function read(root: string, file: string, from: SchemaFiles, where: string): string {
  const inside = resolveInside(root, file);
  if (!inside.ok) {
    throw new Refusal('schema-outside', `Schema ${where} cannot be used: ${inside.reason}.`);
  }
  const found = from.read(file, MAX_FILE_BYTES);
  if (found.ok) return found.text;
  const { code, message } = found.problem;
  switch (code) {
    case 'missing':
    case 'not_a_file':
      throw new Refusal('schema-missing', `Schema ${where} ${message}.`);
    case 'too_large':
      throw new Refusal('schema-too-large', `Schema ${where} ${message}.`);
    case 'not_utf8':
      throw new Refusal('schema-invalid', `Schema ${where} cannot be read: it is not UTF-8 text.`);
    case 'unreadable':
      throw new Refusal('schema-invalid', `Schema ${where} ${message}.`);
  }
}

async function parserOf(where: string, relative: string): Promise<(text: string) => Json> {
  const isYaml = /\.ya?ml$/i.test(relative);
  const { parseYaml } = isYaml ? await import('./parse-yaml.ts') : { parseYaml: null };
  return (text) => {
    try {
      return (parseYaml === null ? JSON.parse(text) : parseYaml(text)) as Json;
    } catch (error) {
      const reason = (error as Error).message.split('\n')[0];
      const message = `is not valid ${isYaml ? 'YAML' : 'JSON'}: ${reason}`;
      throw new Refusal('schema-invalid', `Schema ${where} ${message}`, {
        data: { faults: [{ file: relative, path: [], message }] },
      });
    }
  };
}

/** Texts of up to so many characters are read in no time, whatever is in them. */
const FEW_CHARS = 16 * 1024;

/** Does a part of the work that a schema file makes. @throws Refusal `schema-too-large` where that has no end */
function limited<T>(where: string, chars: number, work: () => T): T {
  if (chars <= FEW_CHARS) return work();
  const done = withinLimit(work);
  if (done.ok) return done.value;
  throw new Refusal('schema-too-large', `Schema ${where} cannot be used: reading it ${done.why}.`);
}

/** The files that the references of `from` lead to, as paths from the root directory. */
function outsideReferences(from: SchemaFile): string[] {
  const targets = new Set<string>();
  visitReferences(from.content, (reference) => {
    const target = targetFile(reference, from);
    if (target !== null && target !== from.file) targets.add(target);
  });
  return [...targets];
}

/** The file that `reference` names; null where it stays in its document or names a known dialect. */
function targetFile(reference: string, from: SchemaFile): string | null {
  const location = withoutFragment(reference);
  if (location === '' || location === from.id || from.embedded.has(location)) return null;
  if (isDialect(location)) return null;
  if (hasScheme(location) || location.startsWith('//')) {
    throw new Refusal(
      'schema-remote-reference',
      `Schema ${from.file} refers to ${reference}: references to other places are not fetched.`,
      { hint: 'Put the schema into the program and refer to it by a relative path.' },
    );
  }
  return path.posix.normalize(path.posix.join(path.posix.dirname(from.file), decode(location)));
}

interface Position {
  /** Below an embedded `$id`, `#…` is relative to the embedded schema. */
  inside: boolean;
  depth: number;
}

/** A copy of a schema with its references led to their places in the bundle. */
function rewrite(
  schema: Json,
  from: SchemaFile,
  files: Map<string, SchemaFile>,
  position: Position,
): Json {
  const below = { inside: position.inside, depth: position.depth + 1 };
  if (Array.isArray(schema)) return schema.map((item) => rewrite(item, from, files, below));
  if (!isJsonObject(schema)) return schema;
  const atRoot = position.depth === 0;
  if (!atRoot && typeof schema['$id'] === 'string') below.inside = true;
  const copy: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (atRoot && (key === '$id' || (key === '$schema' && from.base !== '#'))) continue;
    if (isReference(key) && typeof value === 'string') {
      setField(copy, key, localReference(value, from, files, below.inside));
    } else if (data.has(key)) {
      setField(copy, key, value);
    } else if (mapsOfSchemas.has(key) && isJsonObject(value)) {
      const entries = Object.entries(value);
      const deeper = { inside: below.inside, depth: below.depth + 1 };
      setField(
        copy,
        key,
        entries.reduce<JsonObject>((all, [name, item]) => {
          setField(all, name, rewrite(item, from, files, deeper));
          return all;
        }, {}),
      );
    } else {
      setField(copy, key, rewrite(value, from, files, below));
    }
  }
  return copy;
}

function localReference(
  reference: string,
  from: SchemaFile,
  files: Map<string, SchemaFile>,
  insideEmbedded: boolean,
): string {
  const location = withoutFragment(reference);
  const fragment = reference.slice(location.length).replace(/^#/, '');
  if (location === '' && insideEmbedded) return reference;
  if (location === '' || location === from.id) return place(from, fragment);
  const target = targetFile(reference, from);
  if (target === null) return reference;
  const file = target === from.file ? from : files.get(target);
  return file === undefined ? reference : place(file, fragment);
}

/** Where `fragment` (a JSON pointer, or the name of an anchor) of `file` is in the bundle. */
function place(file: SchemaFile, fragment: string): string {
  if (fragment === '' || fragment.startsWith('/')) return file.base + fragment;
  // Anchors are unique in a document, not in a bundle: lead to the place that the anchor marks.
  const pointer = pointerOfAnchor(file.content, fragment, '');
  return pointer === null ? `#${fragment}` : file.base + pointer;
}

function pointerOfAnchor(schema: Json, anchor: string, pointer: string): string | null {
  if (typeof schema !== 'object' || schema === null) return null;
  if (isJsonObject(schema)) {
    if (schema['$anchor'] === anchor || schema['$dynamicAnchor'] === anchor) return pointer;
  }
  for (const [key, value] of Object.entries(schema)) {
    const found = pointerOfAnchor(value, anchor, `${pointer}/${escapeFragment(key)}`);
    if (found !== null) return found;
  }
  return null;
}

function visitReferences(schema: Json, visit: (reference: string) => void): void {
  if (Array.isArray(schema)) {
    for (const item of schema) visitReferences(item, visit);
    return;
  }
  if (!isJsonObject(schema)) return;
  for (const [key, value] of Object.entries(schema)) {
    if (isReference(key) && typeof value === 'string') visit(value);
    else if (data.has(key)) continue;
    else if (mapsOfSchemas.has(key) && isJsonObject(value)) {
      for (const item of Object.values(value)) visitReferences(item, visit);
    } else visitReferences(value, visit);
  }
}

/** Also the guard against documents nested so deeply that walking them would exhaust the stack. */
function collectEmbeddedIds(value: Json, ids: Set<string>, where: string, depth: number): void {
  if (depth > MAX_DEPTH) {
    throw new Refusal('schema-too-large', `Schema ${where} is nested too deeply.`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth > 0 && isJsonObject(value) && typeof value['$id'] === 'string') {
    ids.add(withoutFragment(value['$id']));
  }
  for (const item of Object.values(value)) collectEmbeddedIds(item, ids, where, depth + 1);
}

/** A name for a file in `$defs` that needs no escaping and that no other file has. */
function definitionName(file: string, files: Map<string, SchemaFile>): string {
  const name = file.replace(/[^A-Za-z0-9]+/g, '_');
  const first = files.values().next().value?.content;
  const own =
    isJsonObject(first) && isJsonObject(first['$defs']) ? Object.keys(first['$defs']) : [];
  const taken = new Set([
    ...own,
    ...[...files.values()].map((f) => f.base.slice('#/$defs/'.length)),
  ]);
  let unique = name;
  for (let n = 2; taken.has(unique); n += 1) unique = `${name}_${n}`;
  return unique;
}

function isReference(key: string): boolean {
  return key === '$ref' || key === '$dynamicRef';
}

function isDialect(location: string): boolean {
  return /^https?:\/\/json-schema\.org\/draft(\/|-)/.test(location);
}

function hasScheme(reference: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:/.test(reference);
}

function withoutFragment(reference: string): string {
  const hash = reference.indexOf('#');
  return hash === -1 ? reference : reference.slice(0, hash);
}

function decode(location: string): string {
  try {
    return decodeURIComponent(location);
  } catch {
    return location;
  }
}

function escapeFragment(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}
