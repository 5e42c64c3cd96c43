/** What a worker finds in its environment: section 7 of the contract. */
import path from 'node:path';

export interface WorkerSurroundings {
  programDir: string;
  runId: string;
  instanceId: string;
  taskId: string;
  instanceDir: string;
  attemptDir: string;
  projectWorkspaceDir: string;
  /** The task's own workspace. */
  workspaceDir: string;
  /** Holds the `codex-orch` shim. */
  shimDir: string;
  /** The PATH that the worker would have without us: the agent's `env.PATH`, or else the engine's. */
  basePath: string | undefined;
}

/** Added to whatever environment the worker inherits. All directories are absolute. */
export function workerEnvironment(surroundings: WorkerSurroundings): Record<string, string> {
  const { shimDir, basePath } = surroundings;
  return {
    CODEX_ORCH_PROGRAM_DIR: surroundings.programDir,
    CODEX_ORCH_RUN_ID: surroundings.runId,
    CODEX_ORCH_INSTANCE_ID: surroundings.instanceId,
    CODEX_ORCH_TASK_ID: surroundings.taskId,
    CODEX_ORCH_INSTANCE_DIR: surroundings.instanceDir,
    CODEX_ORCH_ATTEMPT_DIR: surroundings.attemptDir,
    CODEX_ORCH_PROJECT_WORKSPACE_DIR: surroundings.projectWorkspaceDir,
    CODEX_ORCH_WORKSPACE_DIR: surroundings.workspaceDir,
    // An empty PATH entry would mean the current directory.
    PATH: basePath ? `${shimDir}${path.delimiter}${basePath}` : shimDir,
  };
}
