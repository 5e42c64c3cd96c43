/**
 * What each command prints with `--json`. Nothing here runs: `scripts/doc-schemas.mjs` makes
 * docs/schemas/ and the table in docs/json.md of it, and test/docs/json.test.ts holds real outputs
 * against them.
 */
import type { InstalledDoc } from '../app/assistants/assistant-doc.ts';
import type { WorkerSummary } from '../app/assistants/worker.ts';
import type { Edge } from '../app/program/edit-edge.ts';
import type { InitializedProgram } from '../app/program/init.ts';
import type { Decision } from '../app/run/inspect-run.ts';
import type { InterruptEntry } from '../app/inbox/list.ts';
import type { HumanRecommendation, RoleRecommendation } from '../app/inbox/recommend-role.ts';
import type { ProgramGraph } from '../app/program/show-graph.ts';
import type { CopiedSkill, Skill } from '../app/machine/skills.ts';
import type { ValidationReport } from '../app/program/validate.ts';
import type { VerifyReport } from '../store/verify/report.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { RunEvent } from '../core/events/events.ts';
import type { JsonObject } from '../model/json.ts';
import type { PresetSpec, Sandbox, TaskSpec } from '../model/program.ts';
import type { InstanceStatus, Interrupt, Proposal, RunStatus } from '../model/run.ts';
import type { RunDocument, RunSummary } from '../store/cache/documents.ts';

export interface JsonOutputs {
  /** The program that was made. */
  'project init': InitializedProgram;
  /** All problems of the program. */
  'project validate': ValidationReport;
  /** Tasks, with defaults filled in, by id. */
  'task list': TaskSpec[];
  /** The task, with defaults filled in. */
  'task show': TaskSpec;
  /** The task that was added; a list where there were several. */
  'task add': TaskSpec | TaskSpec[];
  'task update': TaskSpec;
  'task delete': DeletedTask;
  'edge list': Edge[];
  'edge add': Edge;
  /** The edges that were removed. */
  'edge remove': Edge[];
  /** Preset id → preset. */
  'preset list': Record<string, ListedPreset>;
  /** The tasks, as they would be written. */
  'preset preview': JsonObject[];
  'preset apply': AppliedPreset;
  'graph show': ProgramGraph;
  /** The run as it stands at the end; with `--no-wait`, at the beginning. */
  'run start': RunDocument;
  'run start --dry-run': PlannedRunDocument;
  'run resume': RunDocument;
  'run retry-instance': RunDocument;
  'run reconcile': RunDocument;
  'run abort': RunDocument;
  /** Newest first. */
  'run list': RunSummary[];
  'run show': RunDocument;
  /** The event log. With `--follow`: one event a line. */
  'run events': RunEvent[];
  'run explain': RunExplanationDocument;
  'run verify': VerifyReport;
  /** Newest run first. */
  'inbox list': InterruptEntry[];
  'inbox show': InterruptEntry;
  /** The interrupt with its reply. */
  'inbox reply': InterruptEntry;
  /** What was done, in numbers. */
  'inbox worker --once': WorkerSummary;
  /** Without `--once`: one line for each answer. */
  'inbox worker': WorkerLine;
  'interrupt create': Interrupt;
  'interrupt recommend': RoleRecommendation | HumanRecommendation;
  'interrupt list': InterruptEntry[];
  'interrupt show': InterruptEntry;
  'proposal list': Proposal[];
  'proposal show': Proposal;
  'proposal mark': Proposal;
  'proposal apply': Proposal;
  'assistant-doc install': InstalledDoc;
  'skill list': Skill[];
  'skill export': CopiedSkill;
  'skill install': CopiedSkill;
  doctor: DoctorFinding[];
}

interface DeletedTask {
  /** Its id. */
  deleted: string;
}

interface ListedPreset {
  /** The program's own, or one of all programs. */
  source: 'local' | 'global';
  preset: PresetSpec;
}

interface AppliedPreset {
  /** Ids of the tasks that were written. */
  tasks: string[];
  /** Those of them that were there before. */
  overwritten: string[];
}

interface PlannedRunDocument {
  /** In the order in which they would start. */
  tasks: PlannedTaskDocument[];
  inputs: JsonObject;
  warnings: Diagnostic[];
}

interface PlannedTaskDocument {
  id: string;
  title: string;
  kind: TaskSpec['kind'];
  agent: string;
  backend: string;
  model: string | null;
  /** Null where the backend has none. */
  sandbox: Sandbox | null;
  /** Null where it depends on an input that comes later. */
  directory: string | null;
  depends_on: string[];
  /** From 1. Tasks of one wave start together, slots permitting. */
  wave: number;
}

interface RunExplanationDocument {
  run_id: string;
  status: RunStatus;
  /** Who drives the run now, for people; null: nobody. */
  driven_by: string | null;
  /** The instance asked for, or all that are not done. */
  instances: InstanceExplanation[];
  /** What controllers have chosen so far. */
  decisions: Decision[];
}

interface InstanceExplanation {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  status: InstanceStatus;
  why: string;
  /** The command line that would move it; null: nothing need be done. */
  command: string | null;
}

interface WorkerLine {
  run_id: string;
  interrupt_id: string;
  outcome: 'auto_replied' | 'handed_off' | 'failed' | 'gone' | 'busy' | 'stopped' | 'no_role';
  /** Why it failed. */
  reason?: string;
}

interface DoctorFinding {
  id: string;
  severity: 'ok' | 'warning' | 'error';
  message: string;
  /** What to do; null where nothing need be done. */
  remedy: string | null;
}
