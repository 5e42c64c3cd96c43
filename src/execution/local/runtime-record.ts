/**
 * runtime.json, section 8.3 of the contract: what an attempt's process is and was, for people and other
 * programs. A readable report; nothing of ours reads it back.
 */
import { replaceFile, writeFile } from '../../disk/disk.ts';
import { backendOf } from '../../agents/backends.ts';
import type { AttemptEnd, AttemptOrder } from '../../model/attempt.ts';
import type { Whereabouts } from '../../model/whereabouts.ts';
import type { AttemptProgress } from './progress.ts';

/** Field names are the contract's; null where unknown. */
interface RuntimeRecord {
  pid: number | null;
  cwd: string;
  project_workspace_dir: string;
  /** The argv, which never holds the prompt: that comes on standard input. */
  command: string[];
  /** null where the backend has none. */
  sandbox: string | null;
  writable_roots: string[];
  started_at: string;
  finished_at: string | null;
  last_stdout_at: string | null;
  last_stderr_at: string | null;
  last_event_at: string | null;
  last_progress_at: string | null;
  last_event_summary: string | null;
  stdout_line_count: number;
  stderr_line_count: number;
  wall_timeout_sec: number | null;
  idle_timeout_sec: number | null;
  termination_reason: AttemptEnd['termination_reason'] | null;
  failure_kind: AttemptEnd['failure_kind'];
  failure_summary: string | null;
  resume_recommended: boolean | null;
  return_code: number | null;
  usage: AttemptEnd['usage'];
  session_id: string | null;
  /**
   * When which part of the output came: ms since the start, bytes of events.jsonl and of stderr.log by then, as
   * text. Not in runs of format 1.
   */
  output_times?: string;
  /** Where it is, of one that is not carried out on this machine. */
  where?: Whereabouts;
}

export interface RuntimeFacts {
  pid: number | null;
  command: string[];
  progress: AttemptProgress;
  /** null while it lives. */
  end: AttemptEnd | null;
  /** Left out: it is a process of this machine. */
  where?: Whereabouts;
}

/** `isOnly`: there is none yet, and nothing shows where it will lie. */
export function writeRuntimeRecord(
  file: string,
  order: AttemptOrder,
  facts: RuntimeFacts,
  { isOnly }: { isOnly: boolean },
): void {
  const write = isOnly ? writeFile : replaceFile;
  write(file, `${JSON.stringify(runtimeRecord(order, facts), null, 2)}\n`);
}

function runtimeRecord(
  order: AttemptOrder,
  { pid, command, progress, end, where }: RuntimeFacts,
): RuntimeRecord {
  return {
    pid,
    cwd: order.cwd,
    project_workspace_dir: order.projectWorkspaceDir,
    command,
    sandbox: backendOf(order.backend).can.sandbox ? order.sandbox : null,
    writable_roots: [order.attemptDir, ...order.writableRoots],
    started_at: order.startedAt,
    finished_at: end?.finished_at ?? null,
    last_stdout_at: progress.lastStdoutAt,
    last_stderr_at: progress.lastStderrAt,
    last_event_at: progress.lastEventAt,
    last_progress_at: progress.lastProgressAt,
    last_event_summary: progress.lastEventSummary,
    stdout_line_count: progress.stdoutLineCount,
    stderr_line_count: progress.stderrLineCount,
    wall_timeout_sec: seconds(order.wallTimeoutMs),
    idle_timeout_sec: seconds(order.idleTimeoutMs),
    termination_reason: end?.termination_reason ?? null,
    failure_kind: end?.failure_kind ?? null,
    failure_summary: end?.failure_summary ?? null,
    resume_recommended: end?.resume_recommended ?? null,
    return_code: end?.return_code ?? null,
    usage: end?.usage ?? null,
    session_id: end?.session_id ?? progress.sessionId,
    ...(order.runFormat > 1 && {
      output_times: progress.outputMarks.map((mark) => mark.join(' ')).join(', '),
    }),
    ...(where === undefined ? {} : { where }),
  };
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}
