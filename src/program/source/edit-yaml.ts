/** Changes to authored YAML that keep the author's comments, order and style where nothing changed. Pure. */
import { isMap, isSeq, parseDocument, stringify, type Document, type ToStringOptions } from 'yaml';
import type { Json, JsonObject } from '../../model/json.ts';

/** Sets top-level fields. The text must parse, and be a mapping. */
export function setFields(text: string, fields: JsonObject): string {
  const document = parseDocument(text);
  for (const [name, value] of Object.entries(fields)) {
    const before =
      document.contents && isMap(document.contents) ? document.contents.get(name, true) : undefined;
    const node = document.createNode(value);
    // A comment behind the old value is about the field.
    if (before !== undefined && before.comment !== undefined) node.comment = before.comment;
    document.set(name, node);
  }
  return print(document, text);
}

/** Adds an item at the end of a top-level list, which is made if it is not there. */
export function appendItem(text: string, field: string, item: Json): string {
  const document = parseDocument(text);
  const list = document.get(field);
  if (isSeq(list)) {
    if (list.items.length === 0) list.flow = false;
    list.add(document.createNode(item));
  } else document.set(field, document.createNode([item]));
  return print(document, text);
}

/** Removes items of a top-level list, by index; an empty list is removed with its field. */
export function removeItems(text: string, field: string, indices: readonly number[]): string {
  const document = parseDocument(text);
  const list = document.get(field);
  if (!isSeq(list)) return text;
  list.items = list.items.filter((_item, index) => !indices.includes(index));
  if (list.items.length === 0) document.delete(field);
  return print(document, text);
}

/** A new file's text. */
export function toYaml(value: Json): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

function print(document: Document, before: string): string {
  const options: ToStringOptions = {
    lineWidth: 0,
    // Lists that stood at the margin stay there.
    indentSeq: !/^[A-Za-z_]+:[ \t]*(#.*)?\r?\n- /m.test(before),
    flowCollectionPadding: /[[{] \S/.test(before),
    indent: /^[A-Za-z_]+:[ \t]*(?:#.*)?\r?\n {4}\S/m.test(before) ? 4 : 2,
  };
  return document.toString(options);
}
