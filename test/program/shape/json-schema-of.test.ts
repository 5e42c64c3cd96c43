import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isJsonObject, type Json, type JsonObject } from '../../../src/model/json.ts';
import { fileKindNames, type FileKindName } from '../../../src/model/program-files.ts';
import { newProgramFiles, templateNames } from '../../../src/program/new-program.ts';
import { programSchema } from '../../../src/program/shape/file-kinds.ts';
import { brief, report } from '../sample-program.ts';

function templateFiles(template: (typeof templateNames)[number]): Map<string, string> {
  return newProgramFiles({
    name: 'Name: with "quotes"',
    workspace: '../work space',
    template,
    description: 'a\nb',
    defaultAgent: 'builder',
    defaultSandbox: 'read-only',
    maxConcurrency: 5,
    edition: 2,
  });
}

function schemaOf(file: string): FileKindName | null {
  if (file === 'project.yaml') return 'project';
  if (file.startsWith('tasks/')) return 'task';
  return file.endsWith('role.yaml') ? 'role' : null;
}

const compiled = new Map<FileKindName, ValidateFunction>();
/** Compiling one takes longer than all that is checked with it. */
function strictCheck(name: FileKindName): ValidateFunction {
  const check =
    compiled.get(name) ??
    new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(
      programSchema(name),
    );
  compiled.set(name, check);
  return check;
}

describe.each(templateNames)('the template %s', (template) => {
  it('validates without an issue', async () => {
    const { errors, warnings, notes } = await report(Object.fromEntries(templateFiles(template)));
    const all = [...errors, ...warnings, ...notes].map(brief);
    expect(all).toEqual(['error workspace.missing project.yaml:6:12']);
  });

  it('agrees with the schemas that editors use, and points to them', () => {
    for (const [file, text] of templateFiles(template)) {
      const name = schemaOf(file);
      if (name === null) continue;
      const check = strictCheck(name);
      expect([file, check(parse(text)), check.errors]).toEqual([file, true, null]);
      const depth = '../'.repeat(file.split('/').length - 1);
      expect(text.split('\n')[0]).toBe(
        `# yaml-language-server: $schema=${depth}schemas/codex-orch/${name}.json`,
      );
    }
  });
});

describe.each(fileKindNames)('13. schema %s', (name) => {
  it('explains every field', () => {
    const schema = programSchema(name);
    expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
    const visit = (node: Json, at: string): void => {
      if (Array.isArray(node)) return node.forEach((item, i) => visit(item, `${at}[${i}]`));
      if (!isJsonObject(node)) return;
      if (isJsonObject(node['properties'])) {
        for (const [field, child] of Object.entries(node['properties'])) {
          expect([at, field, (child as JsonObject)['title']]).toEqual([
            at,
            field,
            expect.any(String),
          ]);
          const explained = (child as JsonObject)['description'] ?? (child as JsonObject)['const'];
          expect([at, field, explained]).toEqual([at, field, expect.any(String)]);
        }
      }
      for (const [key, child] of Object.entries(node)) visit(child, `${at}.${key}`);
    };
    visit(schema, name);
  });

  it('points out what is unknown or of a wrong type', () => {
    const check = new Ajv2020({ strict: false }).compile(programSchema(name));
    expect(check({ nonsense: 1 })).toBe(false);
    expect(check([])).toBe(false);
  });
});
