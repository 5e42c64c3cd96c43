/** Where the parts of a YAML text stand, to the byte: what an edit may touch, and what it must leave. Pure. */
import {
  isAlias,
  isMap,
  isSeq,
  parseDocument,
  visit,
  type CST,
  type Document,
  type Node,
} from 'yaml';
import { keyText, type Path } from './yaml-source.ts';

/** A place that holds a value: behind the `:` of a field, or the `-` of an item. */
export interface Slot {
  kind: 'field' | 'item';
  /** Where the field or item begins, anchors and tags of its key included. */
  start: number;
  /** Behind its `:` or `-`; or behind its anchor, where no tag stands there. */
  after: number;
  /** The value, with a tag of it. `after`, both, where there is none. */
  from: number;
  to: number;
  /** As `to`, with the empty lines that a block keeps. */
  end: number;
  /** Between brackets. */
  inFlow: boolean;
  /** Of the structure that it is part of. */
  column: number;
  value: CST.Token | null;
}

export interface Structure {
  kind: 'map' | 'list';
  isFlow: boolean;
  /** Of its fields or items; of flow ones, where it begins. */
  column: number;
  slots: Slot[];
  /** Behind its `{` or `[`; of block ones, where it begins. */
  open: number;
  /** Before its `}` or `]`; of block ones, where its last part ends. */
  close: number;
}

export interface Places {
  text: string;
  document: Document.Parsed;
}

export function placesIn(text: string): Places {
  const document = parseDocument(text, {
    keepSourceTokens: true,
    prettyErrors: false,
    resolveKnownTags: false,
    logLevel: 'error',
  }) as Document.Parsed;
  return { text, document };
}

/** The map or list at a path; null where there is none of its own, as behind an alias. */
export function structureAt({ text, document }: Places, at: Path): Structure | null {
  let node: unknown = document.contents;
  let inFlow = false;
  for (const step of at) {
    if (isMap(node)) {
      inFlow ||= node.flow === true;
      node = node.items.find((pair) => keyText(pair.key) === String(step))?.value;
    } else if (isSeq(node)) {
      inFlow ||= node.flow === true;
      node = node.items[Number(step)];
    } else return null;
  }
  if (!isMap(node) && !isSeq(node)) return null;
  const token = node.srcToken;
  if (token === undefined || !('items' in token)) return null;
  const items = (token.items as CST.CollectionItem[]).filter(isPart);
  const own: unknown[] = node.items;
  if (items.length !== own.length) return null;
  const kind = isMap(node) ? 'map' : 'list';
  const isFlow = token.type === 'flow-collection';
  const first = items[0];
  const column = columnOf(text, isFlow || !first ? token.offset : startOf(first));
  const slots = items.map((item) => slotOf(item, kind, isFlow || inFlow, column));
  const end = token.type === 'flow-collection' ? token.end[0]?.offset : endOf(token);
  return {
    kind,
    isFlow,
    column,
    slots,
    open: token.offset + (isFlow ? 1 : 0),
    close: end ?? token.offset,
  };
}

/** The index of a field among the slots of its map; -1 where it has none of its own. */
export function indexOfField({ document }: Places, at: Path, name: string): number {
  const node = at.length === 0 ? document.contents : document.getIn(at, true);
  return isMap(node) ? node.items.findIndex((pair) => keyText(pair.key) === name) : -1;
}

/** An alias of an anchor within a field, from outside of it. */
export interface OutsideAlias {
  anchor: string;
  /** The anchor, with the blanks behind it. */
  anchorFrom: number;
  anchorTo: number;
  /** The value that it names. */
  target: Node;
  aliasFrom: number;
  aliasTo: number;
}

/** The first alias of each anchor that is set between two places and used behind them. */
export function aliasesOf({ text, document }: Places, from: number, to: number): OutsideAlias[] {
  const found = new Map<Node, OutsideAlias>();
  const anchors = new Map<string, Node>();
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        const [aliasFrom, aliasTo] = node.range ?? [0, 0];
        const set = target?.range?.[0] ?? -1;
        if (!target || found.has(target) || set < from || set >= to || aliasFrom < to) return;
        const anchorFrom = text.lastIndexOf(`&${node.source}`, set);
        const behind = anchorFrom + node.source.length + 1;
        const anchorTo = behind + (/^[ \t]*/.exec(text.slice(behind))?.[0].length ?? 0);
        found.set(target, {
          anchor: node.source,
          anchorFrom,
          anchorTo,
          target,
          aliasFrom,
          aliasTo,
        });
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return [...found.values()];
}

export function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

/** Where a line ends, without its line break. */
export function lineEnd(text: string, offset: number): number {
  const at = text.indexOf('\n', offset);
  if (at < 0) return text.length;
  return text[at - 1] === '\r' && at - 1 >= offset ? at - 1 : at;
}

/** Where the next line begins. */
export function nextLine(text: string, offset: number): number {
  const at = text.indexOf('\n', offset);
  return at < 0 ? text.length : at + 1;
}

function slotOf(
  item: CST.CollectionItem,
  kind: Structure['kind'],
  inFlow: boolean,
  column: number,
): Slot {
  const start = startOf(item);
  const before = (kind === 'map' ? item.sep : item.start) ?? [];
  const mark = before.findIndex(({ type }) => type === 'map-value-ind' || type === 'seq-item-ind');
  const at = before[mark];
  let after = at !== undefined ? at.offset + at.source.length : item.key ? endOf(item.key) : start;
  let from: number | null = null;
  for (const token of before.slice(mark + 1)) {
    if (token.type === 'tag') from ??= token.offset;
    else if (token.type === 'anchor' && from === null) after = token.offset + token.source.length;
  }
  const value = item.value ?? null;
  const end = Math.max(value === null ? after : endOf(value), from ?? after);
  return {
    kind: kind === 'map' ? 'field' : 'item',
    start,
    after,
    from: from ?? value?.offset ?? after,
    to: value?.type === 'block-scalar' ? withoutEmptyLines(value) : end,
    end,
    inFlow,
    column,
    value,
  };
}

/** Not what the parser makes of a comment behind the last one. */
function isPart(item: CST.CollectionItem): boolean {
  const { start, key = null, sep, value } = item;
  return value !== undefined || sep !== undefined || key !== null || start.some(isWord);
}

function isWord({ type }: CST.SourceToken): boolean {
  return type !== 'space' && type !== 'comment' && type !== 'newline' && type !== 'comma';
}

function startOf(item: CST.CollectionItem): number {
  const first = item.start.find(isWord) ?? item.key ?? item.sep?.find(isWord) ?? item.value;
  return first?.offset ?? 0;
}

/** Where a token ends, without comments and line breaks behind it. */
function endOf(token: CST.Token): number {
  switch (token.type) {
    case 'block-scalar':
      return blockBodyAt(token) + token.source.length;
    case 'flow-collection': {
      const last = token.end[0];
      return last === undefined ? token.offset : last.offset + last.source.length;
    }
    case 'block-map':
    case 'block-seq': {
      const last = (token.items as CST.CollectionItem[]).findLast(isPart);
      return last === undefined ? token.offset : endOfItem(last);
    }
    default:
      return token.offset + ('source' in token ? token.source.length : 0);
  }
}

function withoutEmptyLines(block: CST.BlockScalar): number {
  const { source } = block;
  let end = source.length;
  // From line end to line end, for as long as nothing but blanks stands between them.
  while (source[end - 1] === '\n') {
    const before = source.lastIndexOf('\n', end - 2);
    if (before < 0 || source.slice(before + 1, end).trim() !== '') break;
    end = before + 1;
  }
  return blockBodyAt(block) + end;
}

function endOfItem({ start, key = null, sep, value }: CST.CollectionItem): number {
  if (value !== undefined) return endOf(value);
  const mark = sep?.findLast(isWord) ?? (key === null ? start.findLast(isWord) : undefined);
  if (mark !== undefined) return mark.offset + mark.source.length;
  return key === null ? 0 : endOf(key);
}

/** Where the lines of a block scalar begin, behind its header. */
export function blockBodyAt({ offset, props }: CST.BlockScalar): number {
  return props.reduce((at, each) => at + ('source' in each ? each.source.length : 0), offset);
}
