/** What the program's schemas and names make possible in a file of it. */
import { useCallback } from 'react';
import type { JsonObject } from '../../../model/json.ts';
import type { FileKindName } from '../../../model/program-files.ts';
import type { ProgramView } from '../../api/program.ts';
import type { AuthoredFiles } from '../../api/text.ts';
import { useResource, whenLoaded } from '../data/resource.ts';
import type { Complete } from './completion.ts';
import { namesAt } from './program-names.ts';
import { offersOf } from './schema-completion.ts';

const programPath = '/api/program';
const textsPath = '/api/program/texts';

function schemaPath(kind: FileKindName): string {
  return `/api/program/schemas/${kind}`;
}

/** `kind`: of the file; null: nothing is known of it. */
export function useComplete(kind: FileKindName | null): Complete {
  // Read before anybody asks, and again where it changes.
  useResource(kind === null ? null : schemaPath(kind));
  useResource(kind === null ? null : programPath);
  useResource(kind === null ? null : textsPath);
  return useCallback(
    async ({ place, text }) => {
      if (kind === null) return null;
      // Who types before all is there is made an offer once it is: nothing would ask again.
      const [schema, program, texts] = await Promise.all([
        whenLoaded<JsonObject>(schemaPath(kind)),
        whenLoaded<ProgramView>(programPath),
        whenLoaded<AuthoredFiles>(textsPath),
      ]);
      if (schema === null) return null;
      const known = { program, files: (texts?.files ?? []).map(({ file }) => file) };
      const names = namesAt(known, place, text).map(({ name, detail }) => ({
        ...{ label: name, kind: 'value' as const, detail, info: '' },
        ...{ required: false, holds: 'plain' as const },
      }));
      const named = new Set(names.map(({ label }) => label));
      return [...names, ...offersOf(schema, place).filter(({ label }) => !named.has(label))];
    },
    [kind],
  );
}
