/** Finds the JSON in a final message, and reads JSON that nobody vouches for. Pure. */
import { parseJson as parse, type Json } from '../../model/json.ts';

/** Deeper values would exhaust the stack of whoever walks them. */
const MAX_JSON_DEPTH = 200;

export type ParsedJson = { ok: true; value: Json } | { ok: false; reason: string };

/** Parses JSON text of limited depth; a byte order mark at its start is ignored. */
export function readJson(text: string): ParsedJson {
  let value: Json;
  try {
    value = parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    return { ok: false, reason: `it is not valid JSON: ${(error as Error).message}` };
  }
  if (!isShallow(value)) {
    return { ok: false, reason: `it is nested more than ${MAX_JSON_DEPTH} levels deep` };
  }
  return { ok: true, value };
}

function isShallow(value: Json): boolean {
  let level: Json[] = [value];
  for (let depth = 0; depth <= MAX_JSON_DEPTH; depth += 1) {
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null ? Object.values(item) : [],
    );
    if (level.length === 0) return true;
  }
  return false;
}

export type FoundJson =
  | { kind: 'found'; text: string; value: Json }
  | { kind: 'none' }
  /** The message means to hold JSON, and what is wrong with it. */
  | { kind: 'broken'; reason: string };

/**
 * The JSON of a message: all of it, or its one fenced block, with prose around it or not. Of several
 * blocks the one marked `json` counts; two of those are ambiguous.
 */
export function jsonInMessage(message: string): FoundJson {
  const whole = message.trim();
  if (whole === '') return { kind: 'none' };
  const parsed = readJson(whole);
  if (parsed.ok) return { kind: 'found', text: whole, value: parsed.value };
  const blocks = fencedBlocks(whole);
  const marked = blocks.filter((block) => /^json(c|5)?\b/i.test(block.info));
  const unmarked = blocks.filter((block) => block.info === '');
  if (marked.length > 1) {
    return {
      kind: 'broken',
      reason: `it has ${marked.length} JSON blocks; which one counts is unclear`,
    };
  }
  const block = marked[0] ?? (blocks.length === 1 ? unmarked[0] : undefined);
  if (block !== undefined) {
    const inner = readJson(block.text);
    if (inner.ok) return { kind: 'found', text: block.text.trim(), value: inner.value };
    if (marked.length === 1)
      return { kind: 'broken', reason: `in its JSON block, ${inner.reason}` };
    return { kind: 'none' };
  }
  if (/^[{[]/.test(whole) && /[}\]]$/.test(whole)) return { kind: 'broken', reason: parsed.reason };
  return { kind: 'none' };
}

interface Block {
  info: string;
  text: string;
}

/** Fenced code blocks as CommonMark has them: the closing fence is at least as long as the opening one. */
function fencedBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; info: string; lines: string[] } | null = null;
  for (const line of markdown.split(/\r?\n/)) {
    const fence = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? '';
    const info = fence === '' ? '' : line.trimStart().slice(fence.length).trim();
    if (open === null) {
      if (fence !== '' && !info.includes('`')) open = { fence, info, lines: [] };
    } else if (fence.startsWith(open.fence) && info === '') {
      blocks.push({ info: open.info, text: open.lines.join('\n') });
      open = null;
    } else {
      open.lines.push(line);
    }
  }
  // A fence that is never closed runs to the end.
  if (open !== null) blocks.push({ info: open.info, text: open.lines.join('\n') });
  return blocks;
}
