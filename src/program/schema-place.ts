/** Where in its text a schema is wrong. */
import type { SchemaFault } from '../schema/schema-faults.ts';
import { placeInJson } from './resolve-inputs.ts';
import { parseYaml, type Position } from './source/yaml-source.ts';

/** `text`: of the file that the fault names. null where nothing tells the place. */
export function placeOfFault(text: string, { file, path, message }: SchemaFault): Position | null {
  // JSON is YAML: one parser finds the places in both.
  const { source, problems } = parseYaml(text);
  // What cannot even be read has a place of its own.
  const slip =
    problems.find(({ severity }) => severity === 'error') ??
    (file.endsWith('.json') ? placeInJson(text, message) : null);
  if (slip !== null) return { line: slip.line, column: slip.column };
  return source?.locate(path) ?? null;
}
