/** What an attempt printed, while it runs and afterwards: for `run logs` and the web page. Only reads. */
import { tailActivities, type ActivityTail } from '../../agents/output/activities.ts';
import { LineTail } from '../../agents/output/line-tail.ts';
import type { OutputPlace } from '../../agents/output/open-output.ts';
import { resolveAgent } from '../../agents/resolve-agent.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { taskOf, type RunState } from '../../core/state/run-state.ts';
import { runPaths } from '../../store/layout.ts';

export type { ActivityTail };

export interface AttemptOutput {
  instanceId: string;
  attempt: number;
  /** The files need not exist yet. */
  stdoutFile: OutputPlace;
  /** What the agent did, from the start of the attempt. */
  activities(): ActivityTail;
  /** Lines of standard error, from the start of the attempt. */
  stderr(): TextTail;
}

export interface TextTail {
  /** What is new since the last call. */
  read(): string[];
  /** A last line without a newline, too. Closes the file. */
  finish(): string[];
}

/**
 * Where an attempt's output lies (`attempt` null: the latest begun), and how to read it.
 * @throws Refusal `attempt-not-found`, exit status 4
 */
export function attemptOutput(
  programDir: string,
  state: RunState,
  instanceId: string,
  attempt: number | null,
): AttemptOutput {
  const instance = state.instances.get(instanceId);
  const begun = instance?.attempt ?? 0;
  const number = attempt ?? begun;
  if (!instance || number === 0 || number > begun) {
    const which = attempt === null ? 'no attempt' : `no attempt ${attempt}`;
    const why = begun === 0 ? 'none has begun' : `the latest is ${begun}`;
    throw new Refusal('attempt-not-found', `instance ${instanceId} has ${which}: ${why}`, {
      hint: `codex-orch run explain ${state.runId} ${instanceId}`,
      exit: ExitStatus.notFound,
    });
  }
  const paths = runPaths(programDir, state.runId);
  const stdoutFile = paths.shownFile(instanceId, number, 'events.jsonl');
  const stderrFile = paths.shownFile(instanceId, number, 'stderr.log');
  const { agent } = taskOf(state, instance);
  const { backend } = resolveAgent(state.plan.project, agent);
  return {
    instanceId,
    attempt: number,
    stdoutFile,
    activities: () => tailActivities(backend, stdoutFile),
    stderr: () => tailText(stderrFile),
  };
}

/** Lines of a growing text file. */
export function tailText(file: OutputPlace): TextTail {
  let lines: string[] = [];
  const tail = new LineTail(file, {
    maxLineBytes: 1 << 20,
    floodBytes: null,
    onLine: (line) => lines.push(line),
    onOmitted: (bytes) => lines.push(`(${bytes} bytes not shown)`),
  });
  const take = (): string[] => {
    const taken = lines;
    lines = [];
    return taken;
  };
  return {
    read() {
      tail.advance(Number.POSITIVE_INFINITY);
      return take();
    },
    finish() {
      tail.advance(Number.POSITIVE_INFINITY);
      tail.finish();
      return take();
    },
  };
}
