/** Whether there can be a value where a reference leads into a result: by the `result_schema` of the task that leaves it. */
import type { JsonObject } from '../model/json.ts';
import { scopeName, type Dependency, type TaskSpec } from '../model/program.ts';
import { parseReference } from '../model/references.ts';
import { Refusal } from '../model/refusal.ts';
import { gatheredPath } from './rules/gathered.ts';
import { referencesOf } from './rules/references.ts';
import { ruledOut, type RuledOut } from './rules/ruled-out.ts';
import type { FileFinding } from './source/authored-file.ts';
import type { ProgramSource } from './source/source.ts';

/** A schema of the program with all that it refers to; null where it cannot be read, which is told with its task. */
export type SchemaOf = (file: string) => Promise<JsonObject | boolean | null>;

/** Each file is read once. */
export function bundledSchemas(programDir: string, source: ProgramSource): SchemaOf {
  const bundles = new Map<string, JsonObject | boolean | null>();
  return async (file) => {
    const known = bundles.get(file);
    if (known !== undefined) return known;
    const { bundleSchema } = await import('../schema/bundle.ts');
    let schema: JsonObject | boolean | null = null;
    try {
      ({ schema } = await bundleSchema(programDir, file, source));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    bundles.set(file, schema);
    return schema;
  };
}

/** References of the task that lead nowhere, and a list or a key that cannot be one. */
export async function pathFindings(
  task: TaskSpec,
  byId: ReadonlyMap<string, TaskSpec>,
  schemaOf: SchemaOf,
): Promise<FileFinding[]> {
  const found: FileFinding[] = [];
  for (const { ref, path: at, use } of referencesOf(task)) {
    const finding = await wrongPath(task, ref, [], use === 'list' ? ['array'] : [], byId, schemaOf);
    if (finding !== null) {
      found.push({ ...finding, path: at });
      continue;
    }
    const key = use === 'list' ? (task.for_each?.key ?? null) : null;
    if (key === null) continue;
    const inItem = ['0', ...key.split('.')];
    const types = ['string', 'number', 'integer'];
    const wrongKey = await wrongPath(task, ref, inItem, types, byId, schemaOf);
    if (wrongKey !== null) found.push({ ...wrongKey, path: ['for_each', 'key'] });
  }
  return found;
}

/** What is wrong with `ref`, followed by `behind`. */
async function wrongPath(
  task: TaskSpec,
  ref: string,
  behind: readonly string[],
  types: readonly string[],
  byId: ReadonlyMap<string, TaskSpec>,
  schemaOf: SchemaOf,
): Promise<Omit<FileFinding, 'path'> | null> {
  const scopes = new Map(task.depends_on.map((each) => [scopeName(each), each]));
  const parsed = parseReference(ref, scopes.keys());
  if (!parsed.ok || parsed.reference.kind !== 'dep_result') return null;
  const dependency = scopes.get(parsed.reference.scope);
  const upstream = byId.get(dependency?.task ?? '');
  const path = [...parsed.reference.path, ...behind];
  if (dependency === undefined || upstream === undefined) return null;
  const file = upstream.result_schema ?? '';
  const out = await outOf(dependency, path, types, file, schemaOf);
  if (out === null) return null;
  const by =
    out.by === 'schema'
      ? `by ${file}, the result_schema of "${upstream.id}"`
      : `what is gathered of "${upstream.id}" is a list of its items`;
  const where = out.at.length === 0 ? 'the result' : `"${out.at.join('.')}"`;
  const whole = [ref, ...behind].join('.');
  return {
    severity: 'error',
    code: 'task.reference_ruled_out',
    message: `"${whole}" leads nowhere: ${by}, in ${where} ${out.why}`,
    hint: out.hint ?? (out.by === 'schema' ? `Correct the path, or ${file}.` : 'Correct the path.'),
  };
}

async function outOf(
  { gather }: Dependency,
  path: readonly string[],
  types: readonly string[],
  file: string,
  schemaOf: SchemaOf,
): Promise<(RuledOut & { by: 'schema' | 'list' }) | null> {
  let inside = path;
  if (gather !== undefined) {
    const list = gatheredPath(path, types);
    if (!list.ok) return { ...list.out, by: 'list' };
    if (list.inResult === null) return null;
    inside = list.inResult;
  }
  if (file === '' || (inside.length === 0 && types.length === 0)) return null;
  const schema = await schemaOf(file);
  const out = schema === null ? null : ruledOut(schema, inside, types);
  if (out === null) return null;
  return { ...out, at: [...path.slice(0, path.length - inside.length), ...out.at], by: 'schema' };
}
