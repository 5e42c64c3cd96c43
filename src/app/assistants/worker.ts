/**
 * `inbox worker`: answers the open assistant questions of all runs of a program, once or for ever. Any
 * number of workers, and engines with inline assistants, may be at it: each question has one claim.
 */
import { statSync } from 'node:fs';
import { Refusal } from '../../model/refusal.ts';
import type { Interrupt, RunStatus } from '../../model/run.ts';
import { assistantProblem } from '../../store/assistant-records.ts';
import { listRunIds, runPaths, type RunPaths } from '../../store/layout.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import { loadRun } from '../../store/run-store.ts';
import { answerByAssistant, type Answering, type AssistantResult } from './answer-by-assistant.ts';
import type { World } from '../world.ts';
import { driveInBackground } from '../run/background.ts';
import { driveRun, type Drive } from '../run/drive.ts';
import type { StopMode } from '../../engine/loop.ts';
import { readInbox } from '../inbox/list.ts';
import { Wake } from '../../engine/wake.ts';

export interface WorkerOptions {
  /** Each open question is tried once, the runs that can go on are driven until they rest, and that is it. */
  once: boolean;
  pollIntervalMs: number;
  /** Questions at a time, at least 1. */
  concurrency: number;
}

export interface WorkerHooks {
  onStarted?(interrupt: Interrupt, roleId: string, attempt: number): void;
  onEnded?(interrupt: Interrupt, result: AssistantResult): void;
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

const FIRST_RETRY_MS = 30_000;
const LAST_RETRY_MS = 30 * 60_000;

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
  interrupt: Interrupt;
}

class AssistantWorker {
  readonly #world: World;
  readonly #programDir: string;
  readonly #options: WorkerOptions;
  readonly #hooks: WorkerHooks;
  readonly #wake = new Wake();
  readonly #summary: WorkerSummary = {
    scanned: 0,
    processed: 0,
    auto_replied: 0,
    handed_off: 0,
    skipped_no_role: 0,
    failed: 0,
  };
  readonly #seen = new Set<string>();
  /** What is being answered. */
  readonly #live = new Map<string, Answering>();
  readonly #drives = new Map<string, Drive>();
  #resuming = 0;
  #stopping: StopMode | null = null;
  #defect: unknown = null;
  readonly #scan: QuestionScan;

  constructor(world: World, programDir: string, options: WorkerOptions, hooks: WorkerHooks) {
    this.#world = world;
    this.#programDir = programDir;
    this.#options = options;
    this.#hooks = hooks;
    this.#scan = new QuestionScan(world, programDir, (runId, reason) =>
      hooks.onUnreadable?.(runId, reason),
    );
  }

  async run(): Promise<WorkerSummary> {
    if (this.#options.once) await this.#runOnce();
    else await this.#runForEver();
    return this.#summary;
  }

  stop(mode: StopMode): void {
    this.#stopping = mode;
    for (const answering of this.#live.values()) answering.stop(mode);
    for (const drive of this.#drives.values()) drive.stop(mode);
    this.#wake.notify();
  }

  async #runOnce(): Promise<void> {
    const questions = await this.#scan.open();
    for (const question of questions) this.#count(question);
    for (;;) {
      while (this.#hasRoom() && questions.length > 0) {
        const question = questions.shift();
        if (question) this.#begin(question);
      }
      if (this.#isAtRest()) return;
      await this.#sleep(null);
    }
  }

  async #runForEver(): Promise<void> {
    const { clock } = this.#world;
    let nextScanMs = 0;
    let waiting: OpenQuestion[] = [];
    for (;;) {
      if (this.#stopping === null && clock.elapsedMs() >= nextScanMs) {
        waiting = (await this.#scan.open()).filter((question) => this.#isDue(question));
        nextScanMs = clock.elapsedMs() + this.#options.pollIntervalMs;
      }
      while (this.#hasRoom() && waiting.length > 0) {
        const question = waiting.shift();
        if (question && !this.#live.has(question.interrupt.interrupt_id)) this.#begin(question);
      }
      if (this.#stopping !== null && this.#isAtRest()) return;
      await this.#sleep(
        this.#stopping === null ? Math.max(0, nextScanMs - clock.elapsedMs()) : null,
      );
    }
  }

  /** A failed question is tried again after a while, by any worker: the delay follows from the disk. */
  #isDue(question: OpenQuestion): boolean {
    this.#count(question);
    const { paths, interrupt } = question;
    if (interrupt.resolved_target_role_id === null) {
      return false;
    }
    const problem = assistantProblem(paths, interrupt.interrupt_id);
    if (problem === null) return true;
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (problem.failures - 1));
    return !(Date.parse(this.#world.clock.now()) < Date.parse(problem.at) + delayMs);
  }

  #count({ interrupt }: OpenQuestion): void {
    if (this.#seen.has(interrupt.interrupt_id)) return;
    this.#seen.add(interrupt.interrupt_id);
    this.#summary.scanned += 1;
  }

  #hasRoom(): boolean {
    return this.#stopping === null && this.#live.size < this.#options.concurrency;
  }

  #isAtRest(): boolean {
    return this.#live.size === 0 && this.#resuming === 0 && this.#drives.size === 0;
  }

  #begin({ paths, interrupt }: OpenQuestion): void {
    const id = interrupt.interrupt_id;
    const answering = answerByAssistant(this.#world, paths, id, {
      command: 'inbox worker',
      onStarted: (asked, roleId, attempt) => this.#hooks.onStarted?.(asked, roleId, attempt),
    });
    this.#live.set(id, answering);
    answering.ended
      .then((result) => {
        this.#note(interrupt, result);
        if (result.kind === 'answered' || result.kind === 'gone') this.#resume(paths, interrupt);
      })
      .catch((error: unknown) => (this.#defect ??= error))
      .finally(() => {
        this.#live.delete(id);
        this.#wake.notify();
      })
      .catch(() => undefined);
  }

  #note(interrupt: Interrupt, result: AssistantResult): void {
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

  /** Lets the run go on where the answer makes that possible and nobody drives it. */
  #resume(paths: RunPaths, { instance_id }: Interrupt): void {
    if (this.#stopping !== null || this.#drives.has(paths.runId)) return;
    if (currentHolder(paths) !== null || !canGoOn(paths, instance_id)) return;
    if (!this.#options.once) {
      driveInBackground(this.#world, this.#programDir, paths.runId);
      this.#hooks.onResumed?.(paths.runId);
      return;
    }
    let drive: Drive;
    try {
      drive = driveRun(this.#world, this.#programDir, paths.runId, {
        command: 'inbox worker',
      });
    } catch (error) {
      // Somebody else was quicker, or the run cannot be driven: the answer stands all the same.
      if (error instanceof Refusal) return;
      throw error;
    }
    this.#drives.set(paths.runId, drive);
    this.#hooks.onResumed?.(paths.runId);
    drive.ended
      .then(({ status }) => this.#hooks.onRested?.(paths.runId, status))
      .catch((error: unknown) => (this.#defect ??= error))
      .finally(() => {
        this.#drives.delete(paths.runId);
        this.#wake.notify();
      })
      .catch(() => undefined);
  }

  /** Until something happens, or for so long. */
  async #sleep(ms: number | null): Promise<void> {
    const timer = ms === null ? null : setTimeout(this.#wake.notify, ms);
    try {
      await this.#wake.wait();
    } finally {
      if (timer) clearTimeout(timer);
    }
    if (this.#defect) throw this.#defect;
  }
}

function canGoOn(paths: RunPaths, instanceId: string): boolean {
  const instance = loadRun(paths).instances.get(instanceId);
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
  readonly #known = new Map<string, { signature: string; open: Interrupt[] }>();
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

  async #openIn(paths: RunPaths): Promise<Interrupt[]> {
    const signature = signatureOf(paths, this.#world.clock.now());
    const known = this.#known.get(paths.runId);
    if (known?.signature === signature && signature !== '') return known.open;
    let open: Interrupt[] = [];
    try {
      const { preview } = await readInbox(paths);
      open = [...preview.interrupts.values()]
        .map(({ interrupt }) => interrupt)
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

function byUrgency(a: Interrupt, b: Interrupt): number {
  const rank = { high: 0, normal: 1, low: 2 };
  if (a.priority !== b.priority) return rank[a.priority] - rank[b.priority];
  return a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0;
}
