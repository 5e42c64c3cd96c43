/** Misspelt words of the schemas that authors write: what a check does not know, it passes over in silence. */
import type { Json } from '../model/json.ts';
import { slipsOf } from '../schema/slips.ts';
import type { FileFinding } from './source/authored-file.ts';
import type { Path } from './source/yaml-source.ts';

/** `subject`: the first part of the code. `at`: where the schema stands in its file. */
export function slipFindings(subject: string, schema: Json, at: Path = []): FileFinding[] {
  return slipsOf(schema).map(({ path, word, meant }) => ({
    severity: 'warning',
    code: `${subject}.unknown_keyword`,
    path: [...at, ...path],
    at: 'key',
    message: `"${word}" is no word of JSON Schema, and has no effect`,
    hint: `Did you mean "${meant}"?`,
    reference_url: 'https://json-schema.org/draft/2020-12/schema',
  }));
}
