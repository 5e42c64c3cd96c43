// Finds what is wrong in the pages of the workspace: links that lead nowhere, pages without a title,
// misspelled words.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { leave } from './attempt.mjs';
import { spellings } from './spellings.mjs';

const rank = ['link', 'title', 'spelling'];
const items = [];
for (const page of readdirSync('.').filter((file) => file.endsWith('.md')).sort()) {
  const lines = readFileSync(page, 'utf8').split('\n');
  const add = (kind, line, title) =>
    items.push({ id: `${kind}:${page}:${line}`, kind, page, line, title });
  if (!lines[0].startsWith('# ')) add('title', 1, `${page} has no title`);
  lines.forEach((text, index) => {
    for (const [, target] of text.matchAll(/\]\(([^):]+)\)/g)) {
      if (!existsSync(target)) add('link', index + 1, `${page} links to ${target}, which is missing`);
    }
    for (const word of Object.keys(spellings).filter((each) => text.includes(each))) {
      add('spelling', index + 1, `"${word}" in ${page}`);
    }
  });
}
items.sort((a, b) => rank.indexOf(a.kind) - rank.indexOf(b.kind));
const list = items.map(({ id, title }) => `- \`${id}\`: ${title}`);
leave({ items }, [`${items.length} items.`, '', ...list].join('\n'));
