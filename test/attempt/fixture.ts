/** A run on disk, as far as staging sees it, and a request for its first attempt. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TaskSpec } from '../../src/model/program.ts';
import type { Instance, InstanceInterrupt, InterruptRecord, Reply } from '../../src/model/run.ts';
import type { StageRequest } from '../../src/attempt/brief/stage-request.ts';
import { interrupt, project, reply, RUN_ID, task } from '../support/make.ts';

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
      runId: RUN_ID,
      programDir: root,
      frozenProgramDir: path.join(runDir, 'program'),
      runDir,
    },
    project: project({ name: 'demo' }),
    task: task({ id: 'build', title: 'Build it', ...spec }),
    instance,
    attempt: 1,
    attemptDir: path.join(instanceDir, 'attempts', '0001'),
    controlDir: path.join(runDir, 'control', instance.instance_id, '0001'),
    instanceDir,
    previousAttemptDir: null,
    mode: 'fresh',
    values: {},
    upstream: {},
    gathered: {},
    replies: [],
    interrupts: [],
    previousFailure: null,
    told: null,
    gaveUp: [],
    loop: null,
    tree: null,
    roles: [],
    allowHuman: true,
    cwd: path.join(root, 'workspace'),
    projectWorkspaceDir: path.join(root, 'workspace'),
    sandbox: 'workspace-write',
    writableRoots: [],
    backend: {
      name: 'codex',
      needsPrompt: true,
      hasSession: true,
      hasSandbox: true,
      takesOutputSchema: true,
    },
    commandPath: path.join(runDir, 'bin', 'codex-orch'),
    resultCalledFor: false,
    ...overrides,
  };
}

export function interruptRecord(
  id: string,
  asked: Partial<InstanceInterrupt>,
  given: Partial<Reply> | null,
): InterruptRecord {
  return {
    interrupt: interrupt({
      interrupt_id: id,
      instance_id: instance.instance_id,
      task_id: 'build',
      question: 'Which one?',
      status: given === null ? 'open' : 'resolved',
      ...asked,
    }),
    reply:
      given === null
        ? null
        : reply({
            interrupt_id: id,
            text: 'The first.',
            created_at: '2026-01-01T00:01:00.000Z',
            ...given,
          }),
    appliedInAttempt: null,
    closedBecause: null,
  };
}
