/**
 * Receives what others dropped into the inbox: questions of workers, replies by command or by hand,
 * requests to the engine. A file that does not fit stays where it is and is shown with its reason; it
 * never stops a run.
 */
import type { RunEvent } from '../core/events/events.ts';
import { decide, type Request } from '../core/requests/decide.ts';
import type { Instance, Interrupt, Reply } from '../model/run.ts';
import { resolveInside } from '../disk/inside.ts';
import type { InboxCommand } from '../store/inbox/records.ts';
import type { Asker, InboxItem } from '../store/inbox/scanner.ts';
import type { Inbox } from '../store/run-store.ts';
import type { RunPaths } from '../store/layout.ts';
import type { RunState } from '../core/state/run-state.ts';
import type { DrivenInbox, Received } from './parts.ts';
import { checkPayload } from './reply.ts';
import { troubleOfOne } from './trouble.ts';

/** The run that messages are for; a `RunWriter` is one. */
export interface InboxRun {
  paths: RunPaths;
  state: RunState;
  inbox: Inbox;
  /** ISO 8601, UTC. */
  now(): string;
}

export class Intake implements DrivenInbox {
  readonly #run: InboxRun;
  #received: InboxItem<InboxCommand>[] = [];

  constructor(run: InboxRun) {
    this.#run = run;
  }

  /** Calls back when something may have come. Returns how to end that. */
  watch(listener: () => void): () => void {
    return this.#run.inbox.watch(listener);
  }

  /**
   * Decides about everything new. The caller commits the events, then calls `committed`; unless it only
   * wants to know, and throws the state away. `askers`: as of `Inbox.scan`; by default, whoever runs.
   */
  async receive(askers: readonly Asker[] = askersOf(this.#run.state)): Promise<Received> {
    const { state, paths, inbox } = this.#run;
    const scan = inbox.scan(state, askers);
    const events: RunEvent[] = [];
    let hasRejected = false;
    const reject = (file: string, reason: string): void => {
      hasRejected = true;
      inbox.reject(file, reason);
    };
    /** What one file causes is its own affair. */
    const alone = async (file: string, work: () => Promise<void> | void): Promise<void> => {
      try {
        await work();
      } catch (error) {
        const trouble = troubleOfOne(error);
        if (trouble === null) throw error;
        reject(file, `it cannot be taken: ${trouble}`);
      }
    };
    const consider = (file: string, request: Request): void => {
      const decision = decide(state, request, this.#run.now());
      if (decision.ok) events.push(...decision.events);
      else reject(file, decision.reason);
    };
    for (const { file, value } of scan.interrupts) {
      await alone(file, () => {
        const outside = pathsOutside(paths, value);
        if (outside !== null) return reject(file, outside);
        // What time it says is whoever wrote it's own affair.
        const asked = { ...value, created_at: this.#run.now() };
        consider(file, { command: 'ask', interrupt: asked });
      });
    }
    for (const { file, value } of scan.replies) {
      const interrupt = state.interrupts.get(value.interrupt_id)?.interrupt;
      await alone(file, async () => {
        const problem = interrupt ? await checkPayload(paths, interrupt, value) : null;
        if (problem !== null) reject(file, problem.message);
        else consider(file, { command: 'reply', reply: notAhead(value, this.#run.now()) });
      });
    }
    this.#received = scan.commands;
    return {
      events,
      commands: scan.commands.map(({ value }) => value),
      // A second look finds what was rejected here; each problem is new in one of the two.
      refused: [
        ...scan.unreadable,
        ...(hasRejected ? inbox.scan(state, askers).unreadable : []),
      ].filter((problem) => problem.isNew),
    };
  }

  /**
   * The effects of what was received are on disk: requests need not be read again. One that `isUnderWay`
   * stays, so that it is not lost if the engine dies; it will be given out again.
   */
  committed(isUnderWay: (command: InboxCommand) => boolean): void {
    for (const { file, value } of this.#received)
      if (!isUnderWay(value)) this.#run.inbox.remove(file);
    this.#received = [];
  }
}

/** A reply says itself when it was given, but no later than now. */
function notAhead(reply: Reply, now: string): Reply {
  return reply.created_at > now ? { ...reply, created_at: now } : reply;
}

/** The attempts that run, as far as the log knows. */
export function askersOf({ instances }: Pick<RunState, 'instances'>): Asker[] {
  return [...instances.values()]
    .filter(({ status }) => status === 'running')
    .map((instance) => askerOf(instance, true));
}

export function askerOf(
  { instance_id: instanceId, task_id: taskId, attempt }: Instance,
  isDue: boolean,
): Asker {
  return { instanceId, taskId, attempt, isDue };
}

function pathsOutside(paths: RunPaths, interrupt: Interrupt): string | null {
  for (const artifact of interrupt.context_artifacts) {
    const inside = resolveInside(paths.authoredDir, artifact);
    if (!inside.ok) return `context_artifacts "${artifact}": ${inside.reason}`;
  }
  if (interrupt.reply_schema === null) return null;
  const inside = resolveInside(paths.authoredDir, interrupt.reply_schema);
  return inside.ok ? null : `reply_schema "${interrupt.reply_schema}": ${inside.reason}`;
}
