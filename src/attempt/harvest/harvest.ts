/** What a worker's attempt left, once its process has ended: the facts by which the core judges it. */
import { backendOf } from '../../agents/backends.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import type { AttemptFacts } from '../../core/judge/finish.ts';
import type { ResultFacts } from '../../core/judge/result.ts';
import { instanceOf, linksOf, type RunState, taskOf } from '../../core/state/run-state.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { AttemptEnd, ProcessEnd } from '../../model/attempt.ts';
import type { Instance } from '../../model/run.ts';
import type { RunPaths } from '../../store/layout.ts';
import { isResultCalledFor } from '../brief/called-for.ts';
import { collectResult } from './collect-result.ts';
import { publishArtifacts } from './publish-artifacts.ts';

/** Reads what the attempt left, and copies what it publishes. */
export async function harvestWork(
  { state, paths }: { state: RunState; paths: RunPaths },
  instanceId: string,
  end: AttemptEnd,
): Promise<AttemptFacts> {
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  if (end.termination_reason !== 'completed') return withoutOutput(end);
  const attemptDir = paths.attemptDir(instanceId, instance.attempt);
  const heard = takesPrompt(state, instance) ? {} : ({ isUntold: true } as const);
  try {
    const result = await collectResult({
      attemptDir,
      finalMessage: end.final_message,
      resultCalledFor: isResultCalledFor(state, task),
      schema:
        task.result_schema === null
          ? null
          : { frozenProgramDir: paths.programDir, path: task.result_schema },
    });
    const { published } = instance;
    // Done again after a crash: what was taken stays what was taken, whatever a check has done since.
    if (published.length > 0) {
      const changed = changedSince(state, instanceId, result);
      return {
        ...{ process: end, result: changed ?? result, ...heard },
        artifacts: { kind: 'published', artifacts: published },
      };
    }
    const artifacts = await publishArtifacts({
      attemptDir,
      publishedDir: paths.publishedDir(instanceId),
      publish: task.publish,
    });
    return { process: end, result, artifacts, ...heard };
  } catch (error) {
    if (!isSpoilt(error, attemptDir)) throw error;
    const message = `what the attempt left cannot be taken: ${error.message}`;
    return {
      ...{ process: end, result: { kind: 'none' } },
      artifacts: { kind: 'missing', message },
      ...heard,
    };
  }
}

/** Whether its agent can be told what is wrong with its work. */
export function takesPrompt(state: RunState, instance: Instance): boolean {
  const { agent } = effectiveAgent(state.plan.project, taskOf(state, instance));
  return backendOf(agent.backend).needsPrompt;
}

/** Where the result is not the one that was taken when the attempt had ended. */
function changedSince(
  state: RunState,
  instanceId: string,
  result: ResultFacts,
): ResultFacts | null {
  const { resultSha256: taken } = linksOf(state, instanceId);
  if (taken === (result.kind === 'value' ? result.sha256 : null)) return null;
  return { kind: 'invalid', message: 'result.json was changed after the attempt had ended' };
}

/**
 * Whether a worker has made its own directory unusable: removed it, or taken away the permission to
 * read what is there. That is the failure of its attempt, and must not end the engine.
 */
function isSpoilt(error: unknown, attemptDir: string): error is NodeJS.ErrnoException {
  const { code, path: file } = error as NodeJS.ErrnoException;
  const codes = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP'];
  if (!codes.includes(code ?? '') || file === undefined) return false;
  // What was looked up in it is known by its real path.
  return file.startsWith(attemptDir) || file.startsWith(realPathOf(attemptDir));
}

/** The facts of an attempt of which no process came to be. */
export function notStarted(
  kind: ProcessEnd['failure_kind'],
  message: string,
  resumeRecommended = false,
): AttemptFacts {
  return withoutOutput({
    termination_reason: 'orphaned',
    return_code: null,
    failure_kind: kind,
    failure_summary: message,
    resume_recommended: resumeRecommended,
    session_id: null,
    usage: null,
  });
}

function withoutOutput(process: ProcessEnd): AttemptFacts {
  return { process, result: { kind: 'none' }, artifacts: { kind: 'published', artifacts: [] } };
}
