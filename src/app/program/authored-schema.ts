/** `schema`: the JSON Schema of an authored file, by its kind. */
import type { JsonObject } from '../../model/json.ts';
import { fileKindNames } from '../../model/program-files.ts';
import { Refusal } from '../../model/refusal.ts';
import { programSchema } from '../../program/shape/file-kinds.ts';
import { suggest } from '../../text/suggest.ts';

/** @throws Refusal `unknown-schema` */
export function authoredSchema(kind: string): JsonObject {
  const known = fileKindNames.find((one) => one === kind);
  if (known !== undefined) return programSchema(known);
  const near = suggest(kind, fileKindNames);
  throw new Refusal('unknown-schema', `there is no schema "${kind}"`, {
    hint: near === null ? `one of ${fileKindNames.join(', ')}` : `did you mean "${near}"?`,
  });
}
