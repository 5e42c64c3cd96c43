// Makes docs/schemas/: JSON Schemas of what `--json` prints (of the types in src/cli/json-outputs.ts) and of
// the authored files (as `codex-orch schema` prints them), and the table in docs/json.md.
// With --check it only says what is not up to date. Needs a build.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { typeSchemas } from './type-schemas.mjs';

const dist = process.env.CODEX_ORCH_TEST_DIST ?? 'dist';
const files = new Map();
const draft = 'https://json-schema.org/draft/2020-12/schema';

for (const name of ['project', 'task', 'role', 'preset']) {
  const main = path.join(dist, 'main.js');
  const schema = execFileSync(process.execPath, [main, 'schema', name], { encoding: 'utf8' });
  files.set(`docs/schemas/${name}.schema.json`, schema);
}

const { types, checker, definitions, schemaOf } = typeSchemas(
  ['src/cli/json-outputs.ts'],
  '#/$defs/',
);
const [, outputs] = types.find(([name]) => name === 'JsonOutputs');
const rows = ['| command | schema | |', '| --- | --- | --- |'];
for (const property of checker.getPropertiesOfType(outputs)) {
  const words = property.documentation ?? property.getDocumentationComment(checker);
  const about = words
    .map(({ text }) => text)
    .join('')
    .replaceAll(/\s*\n\s*/g, ' ');
  const schema = schemaOf(checker.getTypeOfSymbol(property));
  const name = `${property.name.replaceAll(/[^a-z]+/g, '-')}.output.schema.json`;
  const whole = {
    $schema: draft,
    title: `codex-orch ${property.name} --json`,
    ...(about === '' ? {} : { description: about }),
    ...schema,
    ...(needed(schema).length > 0
      ? { $defs: Object.fromEntries(needed(schema).map((each) => [each, definitions[each]])) }
      : {}),
  };
  files.set(`docs/schemas/${name}`, `${JSON.stringify(whole, null, 2)}\n`);
  rows.push(`| \`${property.name}\` | [${shape(schema)}](schemas/${name}) | ${about} |`);
}
const page = readFileSync('docs/json.md', 'utf8');
const [start, end] = ['<!-- made by scripts/doc-schemas.mjs -->\n', '<!-- end -->'];
const table = `${start}\n${rows.join('\n')}\n\n${end}`;
const from = page.indexOf(start);
files.set('docs/json.md', page.slice(0, from) + table + page.slice(page.indexOf(end) + end.length));

const known = new Set([...files.keys()].map((file) => path.basename(file)));
const stale = [...files].filter(([file, text]) => read(file) !== text).map(([file]) => file);
const extra = readdirSync('docs/schemas').filter((file) => !known.has(file));
if (!process.argv.includes('--check')) {
  mkdirSync('docs/schemas', { recursive: true });
  for (const [file, text] of files) writeFileSync(file, text);
} else if (stale.length + extra.length > 0) {
  console.error(`not up to date: ${[...stale, ...extra].join(', ')}`);
  console.error('bring them up to date with: npm run build && node scripts/doc-schemas.mjs');
  process.exitCode = 1;
}

/** Names of the definitions that a schema refers to, directly or not, in order. */
function needed(schema, found = new Set()) {
  for (const [, name] of JSON.stringify(schema).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
    if (found.has(name)) continue;
    found.add(name);
    needed(definitions[name], found);
  }
  return [...found].sort();
}

/** As a reader would call it. */
function shape(schema) {
  if (schema.$ref) return schema.$ref.replace('#/$defs/', '');
  if (schema.type === 'array') return `list of ${shape(schema.items)}`;
  if (schema.anyOf) return schema.anyOf.map(shape).join(' or ');
  return schema.additionalProperties ? `map to ${shape(schema.additionalProperties)}` : 'object';
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
