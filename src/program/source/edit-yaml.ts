/**
 * Changes to authored YAML that leave every byte alone that they need not touch: comments, order, quotes,
 * line breaks, empty lines. Each result is read again before it is given back. Pure.
 */
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import {
  aliasesOf,
  indexOfField,
  placesIn,
  structureAt,
  type Places,
  type Structure,
} from './yaml-places.ts';
import { gapsBetween, isSameJson } from './json-gaps.ts';
import { parseYaml, type Path } from './yaml-source.ts';
import { lineBreakOf, replaced, withoutPart, withPart, type Around } from './yaml-splice.ts';
import { inline, lines, needsLines, plainStyle, styleOf } from './yaml-text.ts';

/** Sets top-level fields. The text must parse, and be a mapping. @throws Refusal `yaml-not-editable` */
export function setFields(text: string, fields: JsonObject): string {
  return Object.entries(fields).reduce((now, [name, value]) => withField(now, name, value), text);
}

/** Removes a top-level field, where it is there. @throws Refusal `yaml-not-editable` */
export function removeField(text: string, name: string): string {
  const { [name]: old, ...wanted } = fieldsOf(text);
  if (old === undefined) return text;
  return edited(text, name, wanted, (now) => {
    const places = placesIn(now);
    const root = structureAt(places, []);
    const index = indexOfField(places, [], name);
    if (root === null || index < 0) return null;
    return withoutPart(now, root, index) ?? withoutLast(now, root);
  });
}

/** Adds an item at the end of a top-level list, which is made if it is not there. */
export function appendItem(text: string, field: string, item: Json): string {
  const list = fieldsOf(text)[field];
  return withField(text, field, [...(Array.isArray(list) ? list : []), item]);
}

/** Removes items of a top-level list, by index; an empty list is removed with its field. */
export function removeItems(text: string, field: string, indices: readonly number[]): string {
  const list = fieldsOf(text)[field];
  if (!Array.isArray(list)) return text;
  const left = list.filter((_item, index) => !indices.includes(index));
  if (left.length === 0) return removeField(text, field);
  return edited(text, field, { ...fieldsOf(text), [field]: left }, (now) => {
    const ordered = [...indices].sort((a, b) => b - a);
    return ordered.reduce<string | null>((each, index) => {
      const structure = each === null ? null : structureAt(placesIn(each), [field]);
      return each === null || structure === null ? null : withoutPart(each, structure, index);
    }, now);
  });
}

/** The text with exactly these fields, of what it held as much as they allow. */
export function withAllFields(text: string, fields: JsonObject): string {
  const gone = Object.keys(fieldsOf(text)).filter((name) => !Object.hasOwn(fields, name));
  return setFields(gone.reduce(removeField, text), fields);
}

/** A new file's text. */
export function toYaml(value: Json): string {
  return needsLines(value)
    ? `${lines(value, 0, plainStyle).join('\n')}\n`
    : `${inline(value, plainStyle)}\n`;
}

function withField(text: string, name: string, value: Json): string {
  const fields = fieldsOf(text);
  if (Object.hasOwn(fields, name) && isSameJson(fields[name], value)) return text;
  const old = Object.hasOwn(fields, name) ? fields[name] : undefined;
  const wanted = { ...fields, [name]: value };
  return edited(
    text,
    name,
    wanted,
    (now) => changed(now, [], name, old, value),
    (now) => setPart(now, [], name, value),
    (now) => setPart(now, [], name, value, true),
  );
}

/** The first of the ways that makes of the text what is wanted, and nothing else. */
function edited(
  text: string,
  field: string,
  wanted: JsonObject,
  ...ways: ((text: string) => string | null)[]
): string {
  const free = withoutOutsideAliases(text, field);
  for (const way of ways) {
    const result = way(free);
    if (result === null) continue;
    const value = parseYaml(result).source?.value;
    if (isSameJson(value ?? {}, wanted)) return result;
  }
  throw new Refusal('yaml-not-editable', `the field "${field}" cannot be changed by itself here`, {
    hint: 'edit the file as text',
  });
}

/**
 * What other fields take from this one by an alias stands with the first of them from now on: they do not
 * change with it.
 */
function withoutOutsideAliases(text: string, field: string): string {
  const places = placesIn(text);
  const slot = structureAt(places, [])?.slots[indexOfField(places, [], field)];
  if (!slot) return text;
  const style = styleOf(text);
  let result = text;
  const aliases = aliasesOf(places, slot.start, slot.to);
  for (const each of aliases.sort((a, b) => b.aliasFrom - a.aliasFrom)) {
    const value = each.target.toJS(places.document) as Json;
    const named = `&${each.anchor} ${inline(value, style, 'plain', true)}`;
    result = result.slice(0, each.aliasFrom) + named + result.slice(each.aliasTo);
  }
  for (const each of aliases.sort((a, b) => b.anchorFrom - a.anchorFrom)) {
    result = result.slice(0, each.anchorFrom) + result.slice(each.anchorTo);
  }
  return result;
}

/** Turns one part of a structure from one value into another, by changes as small as they can be. */
function changed(
  text: string,
  at: Path,
  step: string | number,
  old: Json | undefined,
  value: Json,
): string | null {
  if (old !== undefined && isSameJson(old, value)) return text;
  const inner = [...at, step];
  const structure = old === undefined ? null : structureAt(placesIn(text), inner);
  let result: string | null = null;
  if (structure?.kind === 'list' && Array.isArray(old) && Array.isArray(value)) {
    result = changedList(text, inner, structure, old, value);
  } else if (structure?.kind === 'map' && isJsonObject(old) && isJsonObject(value)) {
    result = changedMap(text, inner, old, value);
  }
  return result ?? setPart(text, at, step, value);
}

function changedMap(text: string, at: Path, old: JsonObject, value: JsonObject): string | null {
  let result: string | null = text;
  for (const name of new Set([...Object.keys(value), ...Object.keys(old)])) {
    if (result === null) return null;
    const places: Places = placesIn(result);
    const structure = structureAt(places, at);
    const index = indexOfField(places, at, name);
    if (structure === null) return null;
    const wanted = Object.hasOwn(value, name) ? value[name] : undefined;
    // What a merge key brings in has no place of its own.
    const before = index >= 0 && Object.hasOwn(old, name) ? old[name] : undefined;
    if (wanted !== undefined) result = changed(result, at, name, before, wanted);
    else if (index >= 0) result = withoutPart(result, structure, index);
    else return null;
  }
  return result;
}

const MOST_STEPS = 200;
const MOST_PAIRS = 1_000_000;

function changedList(
  text: string,
  at: Path,
  structure: Structure,
  old: readonly Json[],
  value: readonly Json[],
): string | null {
  if (structure.slots.length !== old.length || value.length === 0) return null;
  if (old.length * value.length > MOST_PAIRS) return null;
  const gaps = gapsBetween(old, value);
  if (gaps.reduce((sum, gap) => sum + gap.old.length + gap.value.length, 0) > MOST_STEPS)
    return null;
  let result: string | null = text;
  for (const gap of gaps.reverse()) {
    const both = Math.min(gap.old.length, gap.value.length);
    for (let index = gap.at + gap.old.length - 1; index >= gap.at + both; index -= 1) {
      result = inStructure(result, at, (now, list) => withoutPart(now, list, index));
    }
    for (let index = both; index < gap.value.length; index += 1) {
      const item = gap.value[index] ?? null;
      result = inStructure(result, at, (now, list) =>
        withPart(now, list, gap.at + index, null, item, aroundOf(now)),
      );
    }
    for (let index = both - 1; index >= 0; index -= 1) {
      const [before, item] = [gap.old[index], gap.value[index] ?? null];
      result = result === null ? null : changed(result, at, gap.at + index, before, item);
    }
  }
  return result;
}

function inStructure(
  text: string | null,
  at: Path,
  change: (text: string, structure: Structure) => string | null,
): string | null {
  const structure = text === null ? null : structureAt(placesIn(text), at);
  return text === null || structure === null ? null : change(text, structure);
}

/** Sets one part of a structure to a value, whole; a field that is not there comes last. */
function setPart(
  text: string,
  at: Path,
  step: string | number,
  value: Json,
  oneLine = false,
): string | null {
  const places = placesIn(text);
  const around = aroundOf(text);
  if (at.length === 0 && places.document.contents === null)
    return withFirst(text, step, value, around);
  const structure = structureAt(places, at);
  if (structure === null) return null;
  const index = typeof step === 'number' ? step : indexOfField(places, at, step);
  const slot = structure.slots[index];
  if (slot) return replaced(text, slot, value, around, oneLine);
  const shown = oneLine ? { ...around, style: { ...around.style, isJson: true } } : around;
  return withPart(text, structure, structure.slots.length, String(step), value, shown);
}

/** The first field of a text that holds none, but comments perhaps. */
function withFirst(text: string, step: string | number, value: Json, around: Around): string {
  const gap = text === '' || text.endsWith('\n') ? '' : around.lineBreak;
  return text + gap + toYaml({ [step]: value }).replaceAll('\n', around.lineBreak);
}

function withoutLast(text: string, { slots }: Structure): string {
  const [first, last] = [slots[0], slots.at(-1)];
  if (!first || !last) return text;
  // A block ends behind its line break.
  const gap = text[last.to - 1] === '\n' ? lineBreakOf(text) : '';
  return `${text.slice(0, first.start)}{}${gap}${text.slice(last.to)}`;
}

function aroundOf(text: string): Around {
  return { style: styleOf(text), lineBreak: lineBreakOf(text) };
}

function fieldsOf(text: string): JsonObject {
  const value = parseYaml(text).source?.value ?? null;
  return isJsonObject(value) ? value : {};
}
