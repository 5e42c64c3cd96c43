/** A run on disk, as far as staging sees it, and a request for its first attempt. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ProjectSpec, TaskSpec } from '../../src/model/program.ts';
import type { Instance, Interrupt, InterruptRecord, Reply } from '../../src/model/run.ts';
import type { StageRequest } from '../../src/attempt/brief/stage-request.ts';

export function temporaryDirectory(): string {
  const parent = path.resolve('.test-tmp');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(path.join(parent, 'staging-'));
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** Writes a file with its parents. */
export function put(directory: string, relative: string, content: string | Uint8Array): string {
  const file = path.join(directory, relative);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

function task(overrides: Partial<TaskSpec> = {}): TaskSpec {
  return {
    id: 'build',
    title: 'Build it',
    agent: 'default',
    kind: 'work',
    status: 'ready',
    description: '',
    labels: [],
    depends_on: [],
    compose: [],
    publish: ['final.md'],
    control: null,
    assistant_hints: { preferred_roles: [], decision_kind_overrides: {}, ask_when: [] },
    interaction_policy: { allowed_assistant_roles: null, allow_human: true },
    required_decisions: [],
    model: null,
    sandbox: null,
    workspace: null,
    extra_writable_roots: [],
    result_schema: null,
    run: null,
    ...overrides,
  };
}

const project: ProjectSpec = {
  name: 'demo',
  workspace: '.',
  description: '',
  default_agent: 'default',
  default_model: null,
  default_sandbox: 'workspace-write',
  max_concurrency: 2,
  node_wall_timeout_sec: 3600,
  node_idle_timeout_sec: 600,
  node_terminate_grace_sec: 10,
  user_inputs: {},
  agents: {},
  assistants: 'worker',
};

const instance: Instance = {
  instance_id: 'build-00000001',
  task_id: 'build',
  input_scope_id: 'scope-00000001',
  dependency_instances: {},
  activation_bindings: {},
  status: 'running',
  waiting_reason: null,
  published: [],
  error: null,
  attempt: 1,
  session_id: null,
  blocking_interrupts: [],
  termination_reason: null,
  failure_kind: null,
  failure_summary: null,
  resume_recommended: false,
  started_at: null,
  finished_at: null,
  attempts: [],
};

/** `root` becomes the program directory. */
export function stageRequest(
  root: string,
  spec: Partial<TaskSpec> = {},
  overrides: Partial<StageRequest> = {},
): StageRequest {
  const runDir = path.join(root, '.runs', 'r1');
  const instanceDir = path.join(runDir, 'instances', instance.instance_id);
  mkdirSync(path.join(runDir, 'program'), { recursive: true });
  mkdirSync(instanceDir, { recursive: true });
  return {
    run: {
      runId: '20260101000000-0123abcd',
      programDir: root,
      frozenProgramDir: path.join(runDir, 'program'),
      inboxDir: path.join(runDir, 'inbox'),
      runDir,
    },
    project,
    task: task(spec),
    instance,
    attempt: 1,
    attemptDir: path.join(instanceDir, 'attempts', '0001'),
    instanceDir,
    previousAttemptDir: null,
    mode: 'fresh',
    values: {},
    upstream: {},
    replies: [],
    interrupts: [],
    previousFailure: null,
    loop: null,
    roles: [],
    allowHuman: true,
    cwd: path.join(root, 'workspace'),
    projectWorkspaceDir: path.join(root, 'workspace'),
    sandbox: 'workspace-write',
    writableRoots: [],
    backend: { name: 'codex', hasSession: true, hasSandbox: true, takesOutputSchema: true },
    commandPath: path.join(runDir, 'bin', 'codex-orch'),
    resultCalledFor: false,
    ...overrides,
  };
}

export function interruptRecord(
  id: string,
  interrupt: Partial<Interrupt>,
  reply: Partial<Reply> | null,
): InterruptRecord {
  return {
    interrupt: {
      interrupt_id: id,
      run_id: '20260101000000-0123abcd',
      instance_id: instance.instance_id,
      task_id: 'build',
      audience: 'human',
      blocking: true,
      request_kind: 'question',
      question: 'Which one?',
      decision_kind: null,
      options: [],
      context_artifacts: [],
      reply_schema: null,
      priority: 'normal',
      requested_target_role_id: null,
      recommended_target_role_id: null,
      resolved_target_role_id: null,
      target_resolution_reason: null,
      metadata: {},
      status: reply === null ? 'open' : 'resolved',
      created_at: '2026-01-01T00:00:00.000Z',
      resolved_at: null,
      applied_at: null,
      ...interrupt,
    },
    reply:
      reply === null
        ? null
        : {
            interrupt_id: id,
            audience: 'human',
            reply_kind: 'answer',
            text: 'The first.',
            payload: null,
            rationale: null,
            confidence: null,
            citations: [],
            created_at: '2026-01-01T00:01:00.000Z',
            ...reply,
          },
    appliedInAttempt: null,
  };
}
