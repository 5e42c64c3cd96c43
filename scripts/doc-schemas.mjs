// Makes docs/schemas/: JSON Schemas of what `--json` prints (of the types that the commands in src/cli name:
// `json: prints<TaskSpec[]>('…')`) and of the authored files (as `codex-orch schema` prints them), and the
// table in docs/json.md.
// With --check it only says what is not up to date. Needs a build.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { typeSchemas } from './type-schemas.mjs';

const dist = process.env.CODEX_ORCH_TEST_DIST ?? 'dist';
const files = new Map();
const draft = 'https://json-schema.org/draft/2020-12/schema';

for (const name of ['project', 'task', 'role', 'preset']) {
  const main = path.join(dist, 'main.js');
  const schema = execFileSync(process.execPath, [main, 'schema', name], { encoding: 'utf8' });
  files.set(`docs/schemas/${name}.schema.json`, schema);
}

// The commands are imported by the table, so that one program holds them all.
const table = 'src/cli/command-table.ts';
const { program, checker, definitions, schemaOf } = typeSchemas([table], '#/$defs/');
const rows = ['| command | schema | |', '| --- | --- | --- |'];
for (const { command, about, type } of outputs()) {
  const schema = schemaOf(checker.getTypeFromTypeNode(type));
  const name = `${command.replaceAll(/[^a-z]+/g, '-')}.output.schema.json`;
  const whole = {
    $schema: draft,
    title: `codex-orch ${command} --json`,
    ...(about === '' ? {} : { description: about }),
    ...schema,
    ...(needed(schema).length > 0
      ? { $defs: Object.fromEntries(needed(schema).map((each) => [each, definitions[each]])) }
      : {}),
  };
  files.set(`docs/schemas/${name}`, `${JSON.stringify(whole, null, 2)}\n`);
  rows.push(`| \`${command}\` | [${shape(schema)}](schemas/${name}) | ${about} |`);
}
const page = readFileSync('docs/json.md', 'utf8');
const [start, end] = ['<!-- made by scripts/doc-schemas.mjs -->\n', '<!-- end -->'];
const list = `${start}\n${rows.join('\n')}\n\n${end}`;
const from = page.indexOf(start);
files.set('docs/json.md', page.slice(0, from) + list + page.slice(page.indexOf(end) + end.length));

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

/** What each command prints, in the order of the help: every `prints<Type>(about, when)` of its file. */
function outputs() {
  return commandFiles().flatMap(([words, file]) =>
    nodes(program.getSourceFile(file))
      .filter((node) => ts.isCallExpression(node) && node.expression.getText() === 'prints')
      .map(({ typeArguments: [type], arguments: [about, when] }) => ({
        command: when ? `${words} ${when.text}` : words,
        about: about?.text ?? '',
        type,
      })),
  );
}

/** `['task list', file]`, for each command that has a file: `inspect task` is another's. */
function commandFiles() {
  return loaded(table, 'commandTable').flatMap(([word, file]) =>
    path.basename(file) === 'index.ts'
      ? loaded(file, 'verbs').map(([verb, own]) => [`${word} ${verb}`, own])
      : [[word, file]],
  );
}

/** The names in the object `list` of a file, and what each `import`s. */
function loaded(file, list) {
  const object = nodes(program.getSourceFile(file)).find(
    (node) => node.name?.getText() === list && node.initializer !== undefined,
  ).initializer;
  return object.properties.flatMap((property) => {
    const called = nodes(property).find(
      (node) => ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword,
    );
    if (!called) return [];
    const name = property.name.text;
    return [[name, path.resolve(path.dirname(file), called.arguments[0].text)]];
  });
}

function nodes(node) {
  return [node, ...node.getChildren().flatMap(nodes)];
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
