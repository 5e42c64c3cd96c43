// Makes JSON Schemas of the types that src/web/api exports, for /api/openapi.json:
// src/web/server/api-schemas.json. With --check it only says whether that file is up to date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { typeSchemas } from './type-schemas.mjs';

const target = path.resolve('src/web/server/api-schemas.json');

const files = readdirSync('src/web/api').map((name) => `src/web/api/${name}`);
const { types, definitions, named } = typeSchemas(files, '#/components/schemas/');
for (const [name, type, symbol] of types) named(name, type, symbol);

const sorted = Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1)));
const text = `${JSON.stringify(sorted, null, 2)}\n`;
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('src/web/server/api-schemas.json is behind src/web/api');
  console.error('bring it up to date with: node scripts/api-schemas.mjs');
  process.exitCode = 1;
}
