/** A question to a role, with all that an answer depends on. Only reads. */
import type { RunState } from '../../core/state/run-state.ts';
import type { JsonObject } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import type { InstanceInterrupt } from '../../model/run.ts';
import type { AskedQuestion } from '../../attempt/brief/assistant/brief-assistant.ts';
import type { AnswerForm } from '../../attempt/brief/assistant/output-schema.ts';
import { payloadSchema, type PayloadSchema } from '../../attempt/brief/assistant/payload-schema.ts';
import { schemaPlace } from '../../engine/reply.ts';
import { withinLimit } from '../../schema/within-limit.ts';
import type { RunPaths } from '../../store/layout.ts';
import { readRoles } from './program-roles.ts';

/** @throws Refusal where the role is missing or broken, or the reply schema cannot be read */
export async function readQuestion(
  paths: RunPaths,
  state: RunState,
  interrupt: InstanceInterrupt,
  roleId: string,
): Promise<AskedQuestion> {
  const task = state.plan.tasks[interrupt.task_id];
  if (!task) throw new Refusal('no-task', `the run has no task ${interrupt.task_id}`);
  const { roles, broken } = await readRoles(paths.authoredDir);
  const problem = broken.get(roleId);
  if (problem !== undefined) throw new Refusal('role-broken', problem);
  const role = roles.find(({ id }) => id === roleId);
  if (!role) {
    const message = `there is no role ${roleId} any more: assistant_roles/${roleId}/role.yaml is missing`;
    throw new Refusal('role-missing', message);
  }
  const replySchema = await readReplySchema(paths, interrupt);
  const form: AnswerForm = {
    mayHandOff: task.interaction_policy.allow_human,
    payload: replySchema === null ? null : payloadOf(replySchema),
  };
  return { paths, state, interrupt, task, role, replySchema, form };
}

/** The schema is the worker's: what it makes of work is limited. */
function payloadOf(replySchema: JsonObject | boolean): PayloadSchema {
  const made = withinLimit(() => payloadSchema(replySchema));
  return made.ok ? made.value : { mode: 'json_text', because: `understanding it ${made.why}` };
}

async function readReplySchema(
  paths: RunPaths,
  { reply_schema: file }: InstanceInterrupt,
): Promise<JsonObject | boolean | null> {
  if (file === null) return null;
  const { bundleSchema } = await import('../../schema/bundle.ts');
  return (await bundleSchema(schemaPlace(paths, file).root, file)).schema;
}
