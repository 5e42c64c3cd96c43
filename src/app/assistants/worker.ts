/**
 * `inbox worker`: answers the open assistant questions of all runs of a program, once or for ever. Any
 * number of workers, and engines with inline assistants, may be at it: each question has one claim.
 */
import { statSync } from 'node:fs';
import { planAnswers, type AnswerPlan, type AnswerSchedule } from '../../core/plan/answers.ts';
import { earliest, later } from '../../core/plan/timers.ts';
import { Refusal } from '../../model/refusal.ts';
import { isOfInstance, type RunStatus, type InstanceInterrupt } from '../../model/run.ts';
import { assistantProblem } from '../../store/assistant-records.ts';
import { listRunIds, runPaths, type RunPaths } from '../../store/layout.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import { viewRun } from '../../store/directory/view.ts';
import { answerByAssistant, type AssistantResult } from './answer-by-assistant.ts';
import type { World } from '../world.ts';
import { driveInBackground } from '../run/background.ts';
import { driveRun, type Drive } from '../run/drive.ts';
import { Loop, type StopMode, type Turn } from '../../engine/loop.ts';
import { readInbox } from '../inbox/list.ts';

export interface WorkerOptions {
  /** Each open question is tried once, the runs that can go on are driven until they rest, and that is it. */
  once: boolean;
  pollIntervalMs: number;
  /** Questions at a time, at least 1. */
  concurrency: number;
}

export interface WorkerHooks {
  onStarted?(interrupt: InstanceInterrupt, roleId: string, attempt: number): void;
  onEnded?(interrupt: InstanceInterrupt, result: AssistantResult): void;
  onResumed?(runId: string): void;
  /** Only for runs that the worker itself drives. */
  onRested?(runId: string, status: RunStatus): void;
  /** A run that cannot be read; each once. */
  onUnreadable?(runId: string, reason: string): void;
}

/** `inbox worker --once --json`. */
export interface WorkerSummary {
  /** Open assistant questions that were found. */
  scanned: number;
  /** Those that this worker tried to answer. */
  processed: number;
  auto_replied: number;
  handed_off: number;
  skipped_no_role: number;
  failed: number;
}

export interface Worker {
  ended: Promise<WorkerSummary>;
  /** Stops the assistants, and with them the worker; questions stay open. Again with `now` it kills. */
  stop(mode: StopMode): void;
}

/** Begins at once. `ended` rejects only for a defect, or a disk that takes no writes. */
export function startWorker(
  world: World,
  programDir: string,
  options: WorkerOptions,
  hooks: WorkerHooks = {},
): Worker {
  const worker = new AssistantWorker(world, programDir, options, hooks);
  return { ended: worker.run(), stop: (mode) => worker.stop(mode) };
}

interface OpenQuestion {
  paths: RunPaths;
  interrupt: InstanceInterrupt;
}

interface ScheduledQuestion extends AnswerSchedule {
  question: OpenQuestion;
}

class AssistantWorker {
  readonly #world: World;
  readonly #programDir: string;
  readonly #options: WorkerOptions;
  readonly #hooks: WorkerHooks;
  readonly #loop: Loop;
  readonly #summary: WorkerSummary = {
    scanned: 0,
    processed: 0,
    auto_replied: 0,
    handed_off: 0,
    skipped_no_role: 0,
    failed: 0,
  };
  readonly #seen = new Set<string>();
  /** Questions that may be begun, in order. */
  #waiting: OpenQuestion[] = [];
  /** Questions that are being answered. */
  readonly #answering = new Set<string>();
  /** Runs that the worker drives. */
  readonly #driving = new Set<string>();
  readonly #scan: QuestionScan;
  /** As `clock.elapsedMs()`. */
  #nextScanMs = 0;

  constructor(world: World, programDir: string, options: WorkerOptions, hooks: WorkerHooks) {
    this.#world = world;
    this.#programDir = programDir;
    this.#options = options;
    this.#hooks = hooks;
    this.#loop = new Loop(world.clock);
    this.#scan = new QuestionScan(world, programDir, (runId, reason) =>
      hooks.onUnreadable?.(runId, reason),
    );
  }

  async run(): Promise<WorkerSummary> {
    await this.#loop.run(() => this.#turn());
    return this.#summary;
  }

  stop(mode: StopMode): void {
    this.#loop.stop(mode);
  }

  async #turn(): Promise<Turn> {
    const { clock } = this.#world;
    const { once, pollIntervalMs } = this.#options;
    if (this.#loop.stopping === null && clock.elapsedMs() >= this.#nextScanMs) {
      this.#waiting = await this.#openQuestions();
      this.#nextScanMs = once ? Infinity : clock.elapsedMs() + pollIntervalMs;
    }
    const { begin, wakeAt } = this.#plan();
    for (const { question } of begin) this.#begin(question);
    // What is tried now comes again with the next scan, if it is still open then.
    const begun = new Set(begin.map(({ question }) => question));
    this.#waiting = this.#waiting.filter((question) => !begun.has(question));
    const isStopping = this.#loop.stopping !== null;
    const isOver = (once || isStopping) && this.#answering.size === 0 && this.#driving.size === 0;
    if (once || isStopping) return { isOver, wakeAt: null };
    const restMs = Math.max(0, this.#nextScanMs - clock.elapsedMs());
    return { isOver, wakeAt: earliest(wakeAt, later(clock.now(), restMs)) };
  }

  async #openQuestions(): Promise<OpenQuestion[]> {
    const open = await this.#scan.open();
    for (const question of open) this.#count(question);
    // `--once` tries those too for which there is no role, and says so.
    return open.filter(
      ({ interrupt: { interrupt_id: id, resolved_target_role_id: role } }) =>
        !this.#answering.has(id) && (this.#options.once || role !== null),
    );
  }

  /** A failed question is tried again after a while, by any worker: the delay follows from the disk. */
  #plan(): AnswerPlan<ScheduledQuestion> {
    const { once, concurrency } = this.#options;
    const questions = this.#waiting.map((question): ScheduledQuestion => ({
      question,
      problem: once ? null : assistantProblem(question.paths, question.interrupt.interrupt_id),
    }));
    const room = this.#loop.stopping === null ? concurrency - this.#answering.size : 0;
    return planAnswers(questions, { room, now: this.#world.clock.now() });
  }

  #count({ interrupt }: OpenQuestion): void {
    if (this.#seen.has(interrupt.interrupt_id)) return;
    this.#seen.add(interrupt.interrupt_id);
    this.#summary.scanned += 1;
  }

  #begin({ paths, interrupt }: OpenQuestion): void {
    const id = interrupt.interrupt_id;
    this.#answering.add(id);
    const answering = answerByAssistant(this.#world, paths, id, {
      command: 'inbox worker',
      onStarted: (asked, roleId, attempt) => this.#hooks.onStarted?.(asked, roleId, attempt),
    });
    const work = answering.ended
      .then((result) => {
        this.#note(interrupt, result);
        if (result.kind === 'answered' || result.kind === 'gone') this.#resume(paths, interrupt);
      })
      .finally(() => {
        this.#answering.delete(id);
        this.#loop.wake();
      });
    this.#loop.besideUntilStopped(work, answering);
  }

  #note(interrupt: InstanceInterrupt, result: AssistantResult): void {
    const summary = this.#summary;
    switch (result.kind) {
      case 'answered':
        summary.processed += 1;
        if (result.replyKind === 'answer') summary.auto_replied += 1;
        else summary.handed_off += 1;
        break;
      case 'failed':
        summary.processed += 1;
        summary.failed += 1;
        break;
      case 'no_role':
        summary.skipped_no_role += 1;
        break;
      case 'stopped':
      case 'busy':
      case 'gone':
        break;
    }
    this.#hooks.onEnded?.(interrupt, result);
  }

  /** Resumes the run where the answer makes that possible and nobody drives it. */
  #resume(paths: RunPaths, { instance_id }: InstanceInterrupt): void {
    const { runId } = paths;
    if (this.#loop.stopping !== null || this.#driving.has(runId)) return;
    if (currentHolder(paths) !== null || !canResume(paths, instance_id)) return;
    if (!this.#options.once) {
      driveInBackground(this.#world, this.#programDir, runId);
      this.#hooks.onResumed?.(runId);
      return;
    }
    let drive: Drive;
    try {
      drive = driveRun(this.#world, this.#programDir, runId, { command: 'inbox worker' });
    } catch (error) {
      // Somebody else was quicker, or the run cannot be driven: the answer stands all the same.
      if (error instanceof Refusal) return;
      throw error;
    }
    this.#driving.add(runId);
    this.#hooks.onResumed?.(runId);
    const work = drive.ended
      .then(({ status }) => this.#hooks.onRested?.(runId, status))
      .finally(() => {
        this.#driving.delete(runId);
        this.#loop.wake();
      });
    this.#loop.besideUntilStopped(work, drive);
  }
}

function canResume(paths: RunPaths, instanceId: string): boolean {
  const instance = viewRun(paths).state.instances.get(instanceId);
  if (!instance) return false;
  switch (instance.status) {
    case 'waiting':
      return instance.blocking_interrupts.length === 0;
    case 'pending':
    case 'runnable':
    case 'running':
      return true;
    case 'done':
    case 'failed':
    case 'skipped':
      return false;
  }
}

/** Directory stamps are too coarse to tell changes this close to each other apart. */
const STAMP_GRAIN_MS = 2000;

/** Finds open assistant questions; a run whose log and inbox have not changed is not read again. */
class QuestionScan {
  readonly #world: World;
  readonly #programDir: string;
  readonly #onUnreadable: (runId: string, reason: string) => void;
  readonly #known = new Map<string, { signature: string; open: InstanceInterrupt[] }>();
  readonly #unreadable = new Set<string>();

  constructor(
    world: World,
    programDir: string,
    onUnreadable: (runId: string, reason: string) => void,
  ) {
    this.#world = world;
    this.#programDir = programDir;
    this.#onUnreadable = onUnreadable;
  }

  /** Oldest first; urgent ones before others. */
  async open(): Promise<OpenQuestion[]> {
    const found: OpenQuestion[] = [];
    for (const runId of listRunIds(this.#programDir)) {
      const paths = runPaths(this.#programDir, runId);
      for (const interrupt of await this.#openIn(paths)) found.push({ paths, interrupt });
    }
    return found.sort((a, b) => byUrgency(a.interrupt, b.interrupt));
  }

  async #openIn(paths: RunPaths): Promise<InstanceInterrupt[]> {
    const signature = signatureOf(paths, this.#world.clock.now());
    const known = this.#known.get(paths.runId);
    if (known?.signature === signature && signature !== '') return known.open;
    let open: InstanceInterrupt[] = [];
    try {
      const { preview } = await readInbox(paths);
      open = [...preview.interrupts.values()]
        .map(({ interrupt }) => interrupt)
        .filter(isOfInstance)
        .filter(({ status, audience }) => status === 'open' && audience === 'assistant');
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (!this.#unreadable.has(paths.runId)) this.#onUnreadable(paths.runId, error.message);
      this.#unreadable.add(paths.runId);
    }
    this.#known.set(paths.runId, { signature, open });
    return open;
  }
}

/** Empty where a change may not show yet. */
function signatureOf(paths: RunPaths, now: string): string {
  const stats = [paths.eventsLog, paths.inboxInterrupts, paths.inboxReplies].map((place) =>
    statSync(place, { throwIfNoEntry: false }),
  );
  const latestMs = Math.max(...stats.map((one) => one?.mtimeMs ?? 0));
  if (Date.parse(now) - latestMs < STAMP_GRAIN_MS) return '';
  return stats.map((one) => `${one?.size ?? 0}:${one?.mtimeMs ?? 0}`).join('|');
}

function byUrgency(a: InstanceInterrupt, b: InstanceInterrupt): number {
  const rank = { high: 0, normal: 1, low: 2 };
  if (a.priority !== b.priority) return rank[a.priority] - rank[b.priority];
  return a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0;
}
