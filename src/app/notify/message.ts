/** What is told of an event, and to whom. Pure. */
import type { RunEvent } from '../../core/events/events.ts';
import type { NotifyKind, NotifyRule, NotifyTarget } from '../../model/program.ts';
import type { Subject } from '../../model/questions.ts';
import type { RunPlan } from '../../model/run.ts';
import { shellWord } from '../../text/shell-word.ts';

/** What is sent, as JSON. */
export interface Notification {
  kind: NotifyKind | 'test';
  /** One line for a person. */
  title: string;
  /** What is asked, or went wrong; as agents and authors wrote it. */
  text: string;
  program: string;
  program_dir: string;
  run_id: string;
  instance_id: string | null;
  task_id: string | null;
  /** Of a question. */
  interrupt_id: string | null;
  options: string[];
  /** The command line that answers, or shows more. */
  command: string;
  /** When it happened: ISO 8601, UTC. */
  at: string;
  /** The event's number in the run: the same notification, sent twice, has the same. */
  seq: number;
}

export interface NotifiedRun {
  programDir: string;
  runId: string;
  plan: RunPlan;
  /** The task of an instance. */
  taskOf(instanceId: string): string | null;
}

/** null: nobody is told of such an event. */
export function notificationOf(run: NotifiedRun, event: RunEvent): Notification | null {
  const { programDir, runId, plan } = run;
  const program = shellWord(programDir);
  const { instance_id: instanceId, created_at: at, seq } = event;
  const base = {
    ...{ program: plan.project.name, program_dir: programDir, run_id: runId },
    ...{ instance_id: instanceId, task_id: instanceId === null ? null : run.taskOf(instanceId) },
    ...{ interrupt_id: null, options: [], at, seq },
  };
  const of = `${plan.project.name}: ${base.task_id ?? 'run'}`;
  const explain = `codex-orch run explain ${program} ${runId} ${instanceId ?? ''}`.trimEnd();
  switch (event.event_type) {
    case 'interrupt_requested': {
      const { interrupt } = event.payload;
      if (interrupt.audience !== 'human') return null;
      const words = interrupt.reply_schema === null ? " --text '…' --resume" : ' --resume';
      return {
        ...base,
        kind: (interrupt.subject && kindOf[interrupt.subject]) ?? 'question',
        title: `${of} ${(interrupt.subject && asking[interrupt.subject]) ?? 'asks'}`,
        text: interrupt.question,
        interrupt_id: interrupt.interrupt_id,
        options: interrupt.options,
        command: `codex-orch inbox reply ${program} ${interrupt.interrupt_id}${words}`,
      };
    }
    case 'instance_delayed': {
      const { reason, error, failure_kind: ended } = event.payload;
      // Only of the attempt that found it: what waits for the same account says nothing new.
      if (reason !== 'usage_limit' || ended === null) return null;
      const title = `${of} waits for the end of a usage limit`;
      return { ...base, kind: 'usage_limit', title, text: error, command: explain };
    }
    case 'instance_continued': {
      const { reason, message } = event.payload;
      if (reason !== 'stall') return null;
      const title = `${of} stood still, and goes on`;
      return { ...base, kind: 'stalled', title, text: message, command: explain };
    }
    case 'instance_failed': {
      const { error, failure_kind: kind, termination_reason: reason } = event.payload;
      // Stopped by a person, who knows.
      if (kind === 'interrupted' || (kind === null && reason === 'terminated')) return null;
      return { ...base, kind: 'failed', title: `${of} failed`, text: error, command: explain };
    }
    case 'run_completed': {
      const { status } = event.payload;
      const kind = status === 'done' ? 'done' : 'failed';
      const title = `${plan.project.name}: run ${runId} ${kind}`;
      const verb = kind === 'done' ? 'show' : 'explain';
      return {
        ...base,
        kind,
        title,
        text: '',
        command: `codex-orch run ${verb} ${program} ${runId}`,
      };
    }
    default:
      return null;
  }
}

export function targetsFor(
  rules: readonly NotifyRule[],
  { kind, interrupt_id: asked }: Pick<Notification, 'kind' | 'interrupt_id'>,
): NotifyTarget[] {
  const isQuestion = asked !== null;
  // Whoever wants to hear of questions wants to hear of these.
  const kinds = isQuestion && kind !== 'question' ? ['question', kind] : [kind];
  return rules.flatMap(({ on, to }) => (on.some((each) => kinds.includes(each)) ? [to] : []));
}

/** Questions of the engine that are told of under a kind of their own. */
const kindOf: Partial<Record<Subject, NotifyKind>> = {
  budget: 'budget',
  usage_limit: 'usage_limit',
  stall: 'stalled',
};
const asking: Partial<Record<Subject, string>> = {
  budget: 'has used up its budget',
  usage_limit: 'would have to wait long for the end of a usage limit',
  stall: 'stands still',
};
