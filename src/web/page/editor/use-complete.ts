/** What the program's schemas and names make possible in a file of it. */
import { useMemo } from 'react';
import type { JsonObject } from '../../../model/json.ts';
import type { FileKindName } from '../../../model/program-files.ts';
import type { ProgramView } from '../../api/program.ts';
import type { AuthoredFiles } from '../../api/text.ts';
import { useResource } from '../data/resource.ts';
import type { Complete } from './completion.ts';
import { namesAt } from './program-names.ts';
import { offersOf } from './schema-completion.ts';

/** `kind`: of the file; null: nothing is known of it. */
export function useComplete(kind: FileKindName | null): Complete {
  const schema = useResource<JsonObject>(kind === null ? null : `/api/program/schemas/${kind}`);
  const program = useResource<ProgramView>(kind === null ? null : '/api/program');
  const texts = useResource<AuthoredFiles>(kind === null ? null : '/api/program/texts');
  return useMemo(() => {
    const known = {
      program: program.data,
      files: (texts.data?.files ?? []).map(({ file }) => file),
    };
    return ({ place, text }) => {
      if (schema.data === null) return null;
      const names = namesAt(known, place, text).map(({ name, detail }) => ({
        ...{ label: name, kind: 'value' as const, detail, info: '' },
        ...{ required: false, holds: 'plain' as const },
      }));
      const named = new Set(names.map(({ label }) => label));
      return [...names, ...offersOf(schema.data, place).filter(({ label }) => !named.has(label))];
    };
  }, [schema.data, program.data, texts.data]);
}
