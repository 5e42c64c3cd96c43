/** Puts the schema of a task's result where the agent can be held to it. */
import path from 'node:path';
import { Refusal } from '../../model/refusal.ts';
import { bundleSchema } from '../../schema/bundle.ts';
import type { ResultSchema } from './execution-contract.ts';
import type { StagedFiles } from './staged-files.ts';
import type { StageRequest } from './stage-request.ts';
import { Unstageable } from './unstageable.ts';

/**
 * The schema that the agent is held to. What agents accept is JSON without references to other files:
 * where the author's file is anything else, a self-contained JSON copy goes into the attempt.
 */
export async function stageSchema(
  request: StageRequest,
  staged: StagedFiles,
): Promise<{ contract: ResultSchema | null; outputSchemaFile: string | null }> {
  const schemaPath = request.task.result_schema;
  if (schemaPath === null) return { contract: null, outputSchemaFile: null };
  const { frozenProgramDir } = request.run;
  let file = path.join(frozenProgramDir, ...schemaPath.split('/'));
  try {
    const bundle = await bundleSchema(frozenProgramDir, schemaPath);
    if (!bundle.asIs) {
      const copy = staged.writeJson('context/output-schema.json', bundle.schema, {
        source: schemaPath,
        kind: 'output_schema',
      });
      file = path.join(request.attemptDir, copy.path);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const location = `tasks.${request.task.id}.result_schema`;
    throw new Unstageable(location, `The result_schema cannot be used: ${error.message}`);
  }
  const bindsFinalMessage = request.backend.takesOutputSchema;
  return {
    contract: { file, bindsFinalMessage },
    outputSchemaFile: bindsFinalMessage ? file : null,
  };
}
