/**
 * One try of an assistant at one question: what its agent is given, how it is started or found again, and
 * what is made of what it says. Joins the role, the question, the staging and the agent's process.
 */
import path from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import type { AgentSpec, RoleSpec, TaskSpec } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Interrupt, InterruptRecord } from '../../model/run.ts';
import { effectiveValues, type RunState } from '../../core/state/run-state.ts';
import { backendOf, backendOfRole } from '../../agents/backends.ts';
import { bareAgent } from '../../agents/resolve-agent.ts';
import type { AttemptEnd, AttemptOrder } from '../../model/attempt.ts';
import { parseAnswer, type AssistantAnswer } from '../../attempt/harvest/answer.ts';
import { outputSchema, type AnswerForm } from '../../attempt/brief/assistant/output-schema.ts';
import { payloadSchema, withoutAddedNulls } from '../../attempt/brief/assistant/payload-schema.ts';
import { assistantPrompt } from '../../attempt/brief/assistant/prompt.ts';
import { readRoleFiles } from '../../attempt/brief/assistant/role-files.ts';
import { stageArtifacts } from '../../attempt/brief/assistant/stage-artifacts.ts';
import { makeDirectory, writeFile } from '../../disk/disk.ts';
import { globalRootFrom, loadAgentConfig } from '../../program/global-config.ts';
import { writeCommandShim } from '../../attempt/command-shim.ts';
import { jsonInMessage } from '../../attempt/harvest/result-text.ts';
import { roleWorkspace, type RunPaths } from '../../store/layout.ts';
import { schemaRoot } from '../../engine/reply.ts';
import { readRoles } from './program-roles.ts';
import type { World } from '../world.ts';
import { selfCommand } from '../run/background.ts';
import { resolveWorkspaces } from '../../attempt/place/workspaces.ts';

/** A question, with all that an answer depends on. */
export interface Question {
  paths: RunPaths;
  /** The run, with what lies in its inbox. */
  state: RunState;
  interrupt: Interrupt;
  task: TaskSpec;
  role: RoleSpec;
  replySchema: JsonObject | boolean | null;
  form: AnswerForm;
}

/**
 * @throws Refusal where the role is missing or broken, or the reply schema cannot be read
 */
export async function readQuestion(
  paths: RunPaths,
  state: RunState,
  interrupt: Interrupt,
  roleId: string,
): Promise<Question> {
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
    payload: replySchema === null ? null : payloadSchema(replySchema),
  };
  return { paths, state, interrupt, task, role, replySchema, form };
}

async function readReplySchema(
  paths: RunPaths,
  { reply_schema: file }: Interrupt,
): Promise<JsonObject | boolean | null> {
  if (file === null) return null;
  const { bundleSchema } = await import('../../schema/bundle.ts');
  return (await bundleSchema(schemaRoot(paths, file), file)).schema;
}

/** Writes everything that the agent is given into `attemptDir`, and says how to start it. */
export async function stageAssistant(
  world: World,
  question: Question,
  attemptDir: string,
): Promise<AttemptOrder> {
  const { paths, state, interrupt, task, role, replySchema, form } = question;
  const files = await readRoleFiles(paths.authoredDir, role);
  const { project } = state.plan;
  const instance = state.instances.get(interrupt.instance_id);
  const values = effectiveValues(state, instance?.input_scope_id ?? state.baseScopeId);
  const resolved = resolveWorkspaces(paths.authoredDir, project, task, values);
  const workspaceDir = resolved.ok ? resolved.workspaces.cwd : paths.authoredDir;
  const cwd = roleWorkspace(paths.authoredDir, role.id);
  // The agent's second writable root: it has no business in the run's inbox.
  const scratchDir = path.join(attemptDir, 'scratch');
  for (const directory of [cwd, scratchDir]) makeDirectory(directory);
  const artifacts = await stageArtifacts(
    paths.authoredDir,
    attemptDir,
    interrupt.context_artifacts,
  );
  const prompt = assistantPrompt({
    role,
    files,
    project,
    task,
    interrupt,
    earlier: earlierQuestions(state, interrupt),
    places: {
      programDir: paths.authoredDir,
      attemptDir,
      askerAttemptDir: paths.attemptDir(interrupt.instance_id, instance?.attempt ?? 1),
      workspaceDir,
    },
    artifacts,
    replySchema,
    form,
  });
  const outputSchemaFile = path.join(attemptDir, 'output-schema.json');
  writeFile(path.join(attemptDir, 'prompt.md'), prompt);
  writeFile(outputSchemaFile, `${JSON.stringify(outputSchema(form), null, 2)}\n`);
  writeCommandShim(paths.binDir, selfCommand(world));
  const backend = backendOfRole(role.backend);
  const config = await loadAgentConfig(globalRootFrom(world.env, world.cwd));
  return {
    backend: backend.name,
    settings: backend.settings({ agent: bareAgent(backend), run: null }, config).settings,
    cwd,
    projectWorkspaceDir: workspaceDir,
    programDir: paths.authoredDir,
    attemptDir,
    inboxDir: scratchDir,
    sandbox: role.sandbox,
    writableRoots: [],
    model: role.model ?? project.default_model,
    outputSchemaFile,
    sessionId: null,
    previousUsage: null,
    env: environment(world, paths, interrupt, role, attemptDir),
    wallTimeoutMs: milliseconds(project.node_wall_timeout_sec),
    idleTimeoutMs: milliseconds(project.node_idle_timeout_sec),
    graceMs: project.node_terminate_grace_sec * 1000,
    startedAt: world.clock.now(),
    generation: 0,
  };
}

export type Understood = { ok: true; answer: AssistantAnswer } | { ok: false; reason: string };

/** What the agent answered, or why that is none. The payload is not checked against its schema here. */
export function understand(question: Question, end: AttemptEnd): Understood {
  if (end.termination_reason !== 'completed') {
    return {
      ok: false,
      reason: end.failure_summary ?? `the agent ended: ${end.termination_reason}`,
    };
  }
  const message = finalText(end);
  if (message === null) return { ok: false, reason: 'the agent gave no answer' };
  const found = jsonInMessage(message);
  if (found.kind === 'none') {
    return {
      ok: false,
      reason: `the answer is not JSON: ${JSON.stringify(message.slice(0, 100))}`,
    };
  }
  if (found.kind === 'broken') {
    return { ok: false, reason: `the answer cannot be used: ${found.reason}` };
  }
  const parsed = parseAnswer(found.value, question.form);
  if (!parsed.ok) return { ok: false, reason: `the answer breaks its form: ${parsed.reason}` };
  const { answer } = parsed;
  const { replySchema } = question;
  const payload: Json =
    replySchema === null ? answer.payload : withoutAddedNulls(answer.payload, replySchema);
  return { ok: true, answer: { ...answer, payload } };
}

export function finalText(end: AttemptEnd): string | null {
  return end.final_message !== null && 'text' in end.final_message ? end.final_message.text : null;
}

/** An order as it was written down, or null where that is damaged. */
export function asOrder(value: Json, attemptDir: string): AttemptOrder | null {
  if (!isJsonObject(value) || value['attemptDir'] !== attemptDir) return null;
  const order = value as unknown as AttemptOrder;
  if (value['settings'] !== undefined) return order;
  // By version 1.0, which wrote down what the settings are made of.
  const { agent, run, codexPath } = value as unknown as EarlierOrder;
  const section: Record<string, string> = codexPath === null ? {} : { path: codexPath };
  const config = { sections: { [order.backend]: section }, problem: null };
  const { settings } = backendOf(order.backend).settings({ agent, run }, config);
  return { ...order, settings };
}

interface EarlierOrder {
  agent: AgentSpec;
  run: string | null;
  codexPath: string | null;
}

function earlierQuestions(state: RunState, interrupt: Interrupt): InterruptRecord[] {
  return (state.links.get(interrupt.instance_id)?.interrupts ?? [])
    .flatMap((id) => state.interrupts.get(id) ?? [])
    .filter((record) => record.reply !== null);
}

/**
 * An assistant is no worker of the run: the variables that a worker asks questions by are emptied, in
 * case whoever started us has them.
 */
function environment(
  { env }: World,
  paths: RunPaths,
  interrupt: Interrupt,
  role: RoleSpec,
  attemptDir: string,
): Record<string, string> {
  const base = env['PATH'];
  return {
    CODEX_ORCH_PROGRAM_DIR: paths.authoredDir,
    CODEX_ORCH_RUN_ID: paths.runId,
    CODEX_ORCH_INTERRUPT_ID: interrupt.interrupt_id,
    CODEX_ORCH_ROLE_ID: role.id,
    CODEX_ORCH_ATTEMPT_DIR: attemptDir,
    CODEX_ORCH_INSTANCE_ID: '',
    CODEX_ORCH_TASK_ID: '',
    CODEX_ORCH_INSTANCE_DIR: '',
    PATH: base ? `${paths.binDir}${path.delimiter}${base}` : paths.binDir,
  };
}

function milliseconds(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}
