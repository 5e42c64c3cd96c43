/** What a role is given to answer a question: its prompt, the form of its answer, and what the question names. */
import path from 'node:path';
import { asShown } from '../../../core/state/hand-off.ts';
import { effectiveValues, type RunState } from '../../../core/state/run-state.ts';
import { makeDirectory, writeFile } from '../../../disk/disk.ts';
import type { JsonObject } from '../../../model/json.ts';
import type { RoleSpec, TaskSpec } from '../../../model/program.ts';
import type { InterruptRecord, InstanceInterrupt } from '../../../model/run.ts';
import { roleWorkspace, type RunPaths } from '../../../store/layout.ts';
import { recordedFile } from '../../../store/recorded-files.ts';
import { makeDirectories, type AttemptDirectories } from '../../place/directories.ts';
import { resolveWorkspaces } from '../../../program/workspaces.ts';
import { placesInTree } from '../../tree/own-tree.ts';
import { outputSchema, type AnswerForm } from './output-schema.ts';
import { assistantPrompt } from './prompt.ts';
import { readRoleFiles } from './role-files.ts';
import { stageArtifacts } from './stage-artifacts.ts';

/** A question to a role, with all that an answer depends on. */
export interface AskedQuestion {
  paths: RunPaths;
  /** The run, with what lies in its inbox. */
  state: RunState;
  interrupt: InstanceInterrupt;
  task: TaskSpec;
  role: RoleSpec;
  replySchema: JsonObject | boolean | null;
  form: AnswerForm;
}

export interface BriefedAssistant {
  attemptDir: string;
  controlDir: string;
  outputSchemaFile: string;
  /** Where the one who asks works. */
  workspaceDir: string;
}

/** Writes all that the agent is given into its directories. @throws Refusal where a file of the role cannot be read */
export async function briefAssistant(
  question: AskedQuestion,
  directories: AttemptDirectories,
): Promise<BriefedAssistant> {
  const { attemptDir, controlDir } = directories;
  const { paths, state, interrupt, task, role, replySchema, form } = question;
  const files = await readRoleFiles(paths.authoredDir, role);
  const { project } = state.plan;
  const instance = state.instances.get(interrupt.instance_id);
  const values = effectiveValues(state, instance?.input_scope_id ?? state.baseScopeId);
  const resolved = resolveWorkspaces(paths.authoredDir, project, task, values);
  const tree = instance ? placesInTree({ state, paths }, instance.instance_id) : null;
  const workspaceDir =
    tree?.workspaces.cwd ?? (resolved.ok ? resolved.workspaces.cwd : paths.authoredDir);
  const cwd = roleWorkspace(paths.authoredDir, role.id);
  makeDirectory(cwd);
  makeDirectories(directories);
  const artifacts = await stageArtifacts(
    paths.authoredDir,
    attemptDir,
    interrupt.context_artifacts,
    (file) => recordedFile(paths, state, file),
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
      instancesDir: paths.instancesDir,
      workspaceDir,
    },
    artifacts,
    replySchema,
    form,
  });
  const outputSchemaFile = path.join(attemptDir, 'output-schema.json');
  writeFile(path.join(controlDir, 'prompt.md'), prompt);
  writeFile(outputSchemaFile, `${JSON.stringify(outputSchema(form), null, 2)}\n`);
  return { attemptDir, controlDir, outputSchemaFile, workspaceDir };
}

function earlierQuestions(state: RunState, interrupt: InstanceInterrupt): InterruptRecord[] {
  return (state.links.get(interrupt.instance_id)?.interrupts ?? [])
    .flatMap((id) => state.interrupts.get(id) ?? [])
    .filter((record) => record.reply !== null)
    .map((record) => asShown(state, record));
}
