/**
 * A run as `run show --json` prints it: with the paths, sandbox and model that its tasks work with, as they
 * are at its start; an input that comes later leaves the template.
 */
import { honoured } from '../../agents/resolve-agent.ts';
import { nameWorkspaces } from '../../program/workspaces.ts';
import { effectiveValues, runStatus, type RunState } from '../../core/state/run-state.ts';
import { isRunStopped, isStopped, waitingReason, waitingUntil } from '../../core/state/standing.ts';
import type { JsonObject } from '../../model/json.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import type {
  Instance,
  InstanceStatus,
  PathTemplates,
  RunStatus,
  WaitingReason,
} from '../../model/run.ts';
import type { RemoteWhereabouts } from '../../model/whereabouts.ts';
import { runPaths, type RunPaths } from '../../store/layout.ts';
import { inputScopeDocument, type InputScopeDocument } from '../../store/cache/documents.ts';
import { whereIs } from './whereabouts.ts';

/** `run show --json`. */
export interface RunDocument {
  id: string;
  format_version: number;
  tool_version: string;
  /** What the person calls it; not there where it has no title. */
  title?: string;
  /** The tasks that the run was started for, named or by a label. */
  roots: string[];
  labels: string[];
  created_at: string;
  updated_at: string;
  status: RunStatus;
  /** What it waits for; not there where it does not wait. */
  waiting_reason?: WaitingReason;
  /** When it goes on by itself, ISO 8601; not there where nothing in it waits for time. */
  waiting_until?: string;
  aborted: boolean;
  /** It has `failed` because a person stopped it: a resume goes on with it. */
  stopped: boolean;
  counts: Record<InstanceStatus, number>;
  user_inputs: JsonObject;
  /** Its `workspace` is absolute; as it was written, `project_workspace_template`. */
  project: ProjectSpec;
  project_workspace_template: string;
  /**
   * With the `workspace`, `extra_writable_roots`, `sandbox` and `model` that count: paths are absolute, and as
   * they were written in `task_path_templates`; null is what the agent's backend does not take.
   */
  tasks: Record<string, TaskSpec>;
  task_path_templates: Record<string, PathTemplates>;
  input_scopes: Record<string, InputScopeDocument>;
  instances: Record<string, InstanceDocument>;
}

export interface InstanceDocument extends Omit<Instance, 'dependency_instances'> {
  /** It has `failed` because a person stopped it: a resume goes on with it. */
  stopped: boolean;
  /** Where its attempt is that another machine carries out, and since when; not there where none does. */
  where?: RemoteWhereabouts;
  /** Task id → upstream instance id. */
  dependency_instances: Record<string, string>;
  /** The same by the name in references: the alias, or else the task id. */
  dependency_scopes: Record<string, string>;
}

/** Of which there are many in a large run. */
type Many = 'tasks' | 'input_scopes' | 'instances';

/** A `RunDocument`, of which what there are many of is made as it is asked for. */
export type RunDocumentParts = Omit<RunDocument, Many> & {
  [name in Many]: Iterable<[string, RunDocument[name][string]]>;
};

/** `programDir`: absolute; what relative workspaces are relative to. */
export function runDocument(programDir: string, state: RunState): RunDocument {
  const parts = runDocumentParts(programDir, state);
  return {
    ...parts,
    tasks: Object.fromEntries(parts.tasks),
    input_scopes: Object.fromEntries(parts.input_scopes),
    instances: Object.fromEntries(parts.instances),
  };
}

/** As `runDocument`. */
export function runDocumentParts(programDir: string, state: RunState): RunDocumentParts {
  const { plan } = state;
  const values = effectiveValues(state, state.baseScopeId);
  const paths = plan.project.executor === 'temporal' ? runPaths(programDir, state.runId) : null;
  return {
    id: state.runId,
    format_version: plan.format_version,
    tool_version: plan.tool_version,
    ...(plan.title === undefined ? {} : { title: plan.title }),
    roots: rootsOf(state),
    labels: plan.labels,
    created_at: state.createdAt,
    updated_at: state.updatedAt,
    status: runStatus(state),
    ...waitOf(state),
    aborted: state.aborted,
    stopped: isRunStopped(state),
    counts: { ...state.counts },
    user_inputs: plan.user_inputs,
    project: effectiveProject(programDir, plan.project, values),
    project_workspace_template: plan.project_workspace_template,
    tasks: each(Object.entries(plan.tasks), (task) =>
      effectiveTask(programDir, plan.project, task, values),
    ),
    task_path_templates: plan.task_path_templates,
    input_scopes: each(state.scopes, (scope) => inputScopeDocument(state, scope)),
    instances: each(state.instances, (instance) => instanceDocument(state, instance, paths)),
  };
}

function* each<T, U>(entries: Iterable<[string, T]>, make: (of: T) => U): Generator<[string, U]> {
  for (const [id, of] of entries) yield [id, make(of)];
}

function waitOf(state: RunState): Pick<RunDocument, 'waiting_reason' | 'waiting_until'> {
  const reason = waitingReason(state);
  const until = waitingUntil(state);
  return {
    ...(reason === null ? {} : { waiting_reason: reason }),
    ...(until === null ? {} : { waiting_until: until }),
  };
}

/** Runs that were started by label once recorded the label alone; all that had it were chosen. */
export function rootsOf({ plan }: RunState): string[] {
  const labelled = Object.values(plan.tasks)
    .filter((task) => task.labels.some((label) => plan.labels.includes(label)))
    .map(({ id }) => id);
  return [...new Set([...plan.roots, ...labelled])].sort();
}

function effectiveProject(
  programDir: string,
  project: ProjectSpec,
  values: JsonObject,
): ProjectSpec {
  const named = nameWorkspaces(programDir, project, noPaths, values);
  return named.ok ? { ...project, workspace: named.workspaces.projectWorkspaceDir } : project;
}

const noPaths = { id: '', workspace: null, extra_writable_roots: [] };

function effectiveTask(
  programDir: string,
  project: ProjectSpec,
  task: TaskSpec,
  values: JsonObject,
): TaskSpec {
  const { model, sandbox } = honoured(project, task);
  const named = nameWorkspaces(programDir, project, task, values);
  if (!named.ok) return { ...task, model, sandbox };
  const { cwd: workspace, extraRoots: extra_writable_roots } = named.workspaces;
  return { ...task, model, sandbox, workspace, extra_writable_roots };
}

/** `paths`: of a run whose attempts other machines carry out. */
function instanceDocument(
  state: RunState,
  instance: Instance,
  paths: RunPaths | null,
): InstanceDocument {
  const scopes = instance.dependency_instances;
  const byTask: Record<string, string> = {};
  for (const id of Object.values(scopes)) byTask[state.instances.get(id)?.task_id ?? id] = id;
  // Field by field: a copy of all but one costs several times that, and a large run has many instances.
  const document: Partial<Record<keyof InstanceDocument, unknown>> = {};
  for (const name of Object.keys(instance) as (keyof Instance)[]) {
    if (name !== 'dependency_instances') document[name] = instance[name];
  }
  document.stopped = isStopped(instance);
  const where = paths === null ? null : whereIs(paths, instance);
  if (where !== null) document.where = where;
  document.dependency_instances = byTask;
  document.dependency_scopes = scopes;
  return document as InstanceDocument;
}
