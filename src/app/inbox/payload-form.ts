/** What a question asks of a reply's payload, for a form to be made of it. Only reads. */
import type { Json, JsonObject } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Interrupt } from '../../model/run.ts';
import type { SchemaProblem } from '../../schema/json-schema.ts';
import { checkPayload, schemaPlace } from '../../engine/reply.ts';
import type { RunPaths } from '../../store/layout.ts';

export interface PayloadForm {
  /** In one piece, with all that it refers to; null where the question asks for none. */
  schema: JsonObject | boolean | null;
  /** Why the schema cannot be read; null where it can. */
  problem: Refusal | null;
}

export async function payloadFormOf(
  paths: RunPaths,
  { reply_schema: file, subject }: Interrupt,
): Promise<PayloadForm> {
  if (file === null) return { schema: null, problem: null };
  try {
    const { bundleSchema } = await import('../../schema/bundle.ts');
    const { root, from } = schemaPlace(paths, file, subject);
    return { schema: (await bundleSchema(root, file, from)).schema, problem: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { schema: null, problem: error };
  }
}

/** Where a payload does not fit. @throws Refusal `schema-…` where that cannot be said */
export async function payloadProblems(
  paths: RunPaths,
  interrupt: Interrupt,
  payload: Json,
): Promise<SchemaProblem[]> {
  const problem = await checkPayload(paths, interrupt, { reply_kind: 'answer', payload });
  if (problem === null || problem.payload.length > 0) return problem?.payload ?? [];
  throw new Refusal(problem.code, problem.message);
}
