// Stands in for a coding agent: it really edits the workspace, as far as it can, and sums up at the end.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { leave, nextItem, readRef } from './attempt.mjs';
import { spellings } from './spellings.mjs';

const { items } = readRef('deps/backlog/artifacts/result.json');
if (process.env.CODEX_ORCH_TASK_ID === 'process_item') mendNext();
else sumUp();

function mendNext() {
  const item = nextItem(items, readRef('inputs/drain_state.json'));
  if (item === undefined) {
    const result = { item_id: null, outcome: 'nothing_left', notes: '', change: null };
    return leave(result, 'Nothing is left.');
  }
  const { id, page, line } = item;
  const lines = readFileSync(page, 'utf8').split('\n');
  const before = lines[line - 1];
  const after = mended(item, before);
  if (after === null) {
    const notes = `${item.title}: only its author knows what to write`;
    return leave({ item_id: id, outcome: 'skipped', notes, change: null }, `Skipped ${id}: ${notes}.`);
  }
  lines[line - 1] = after;
  writeFileSync(page, lines.join('\n'));
  const change = { page, line, before, after };
  leave({ item_id: id, outcome: 'completed', notes: item.title, change }, `Mended ${id}: ${after}`);
}

/** The line as it should be, or null where that takes more than a table and a guess. */
function mended({ kind }, text) {
  switch (kind) {
    case 'spelling':
      return Object.entries(spellings).reduce((line, pair) => line.replaceAll(...pair), text);
    case 'link':
      return text.replace(/\]\(([^):]+)\)/, (link, target) => `](${closest(target) ?? target})`);
    default:
      return null;
  }
}

/** The page whose name has the same letters, as far as they go; undefined where there is no one such. */
function closest(target) {
  const stem = (file) => file.replace(/\.md$/, '').toLowerCase().replaceAll(/[-_]/g, '');
  const pages = readdirSync('.').filter((file) => file.endsWith('.md'));
  const near = pages.filter((page) => stem(page).startsWith(stem(target).slice(0, 5)));
  return near.length === 1 ? near[0] : undefined;
}

function sumUp() {
  const { drain_state: state } = readRef('deps/gate/artifacts/result.json');
  const list = (ids) =>
    items.filter(({ id }) => ids.includes(id)).map(({ title }) => `- ${title}`).join('\n') || '- nothing';
  console.log(`# Done\n\n${list(state.completed)}\n\n# Skipped: look at these\n\n${list(state.skipped)}`);
}
