/**
 * Watches one attempt's process: reads what it prints, keeps its limits, stops its group when asked,
 * and says how it ended. It holds nothing that the next engine could not find again on disk.
 *
 * Elapsed times run on the monotonic clock from what was true when watching began, so that neither a
 * changed clock nor a sleeping laptop uses up an agent's time.
 */
import type { ChildProcess } from 'node:child_process';
import { rmdirSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { constants } from 'node:os';
import { isSameProcess } from '../../processes/identity.ts';
import type { AgentActivity } from '../../model/activity.ts';
import { attemptEnd, isOtherSession } from '../attempt-end.ts';
import { attemptFiles, readExit, readStop, recordStop, unclaimed } from './attempt-files.ts';
import type { AttemptFiles } from './attempt-files.ts';
import { AttemptOutput } from './progress.ts';
import type { Backend } from '../../agents/backend.ts';
import { backendOf } from '../../agents/backends.ts';
import { claimTakenCode } from './launch.ts';
import type { AttemptEnd, AttemptOrder, StopReason } from '../../model/attempt.ts';
import type { Handle, Heard } from '../executor.ts';
import { groupLives, groupLivesWith, isInTable, signalGroup, sweepGroup } from './process-group.ts';
import { writeRuntimeRecord } from './runtime-record.ts';
import { Stopwatch } from './stopwatch.ts';
import { TerminationLadder } from './termination-ladder.ts';
import { isKnownByIdentity, pidOf } from './watched.ts';
import type { Watched } from './watched.ts';

const POLL_MS = 100;
const FIRST_POLL_MS = 20;
/** Longer than any machine takes to reap a process; then the group is looked at in any case. */
const REAP_MS = 1000;
const RUNTIME_INTERVAL_MS = 1000;
/** Without an idle limit: a process that we cannot look at is given up after this much silence. */
const UNSEEN_IDLE_MS = 600_000;

export class AttemptWatch implements Handle {
  private readonly pid: number | null;
  readonly ended: Promise<AttemptEnd>;
  private readonly order: AttemptOrder;
  private readonly watched: Watched;
  private readonly backend: Backend;
  private readonly files: AttemptFiles;
  private readonly output: AttemptOutput;
  private readonly heard: Heard;
  private settle!: { resolve(end: AttemptEnd): void; reject(error: unknown): void };
  private phase: 'watching' | 'ending' | 'over' = 'watching';
  private pollTimer: NodeJS.Timeout | undefined;
  private readonly ladder: TerminationLadder;
  private stopReason: StopReason | null = null;
  private leaderGone = false;
  /** The launcher told of the exit: until just now the number of the group was ours. */
  private exitReported = false;
  private leaderCode: number | null = null;
  private launchProblem: string | null = null;
  private wall: Stopwatch;
  private idle: Stopwatch;
  private lastModifiedMs = 0;
  private runtimeWrittenAt = -Infinity;
  private runtimeStale = true;

  constructor(order: AttemptOrder, watched: Watched, heard: Heard) {
    this.order = order;
    this.heard = heard;
    this.watched = watched;
    this.backend = backendOf(order.backend);
    this.files = attemptFiles(order.attemptDir);
    this.output = new AttemptOutput(this.backend, this.files);
    this.pid = pidOf(watched);
    this.ladder = new TerminationLadder(this.backend.stopping(order), order.graceMs, (signal) =>
      this.signal(signal),
    );
    this.ended = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    const age = Math.max(0, Date.now() - Date.parse(order.startedAt));
    this.wall = new Stopwatch(age);
    this.idle = new Stopwatch();
    switch (watched.kind) {
      case 'child':
        this.watchChild(watched.child);
        break;
      case 'launched':
        void watched.exited.then(() => {
          this.exitReported = true;
          this.leaderIsGone();
        });
        break;
      case 'attached':
        this.stopReason = readStop(this.files);
        break;
      case 'gone':
        this.stopReason = readStop(this.files);
        this.leaderGone = true;
        break;
      case 'failed':
        this.launchProblem = watched.problem;
        this.leaderGone = true;
        break;
    }
    // Never within the constructor: whoever is told has no handle yet. And a fresh child has printed nothing so far; one
    // that ends before the first poll needs no report of its being alive.
    const isFresh = watched.kind === 'child' || watched.kind === 'launched';
    this.schedule(isFresh ? FIRST_POLL_MS : 0);
    if (watched.kind === 'attached') this.takeOver(age);
  }

  stop(reason: StopReason, how: 'ask' | 'kill'): void {
    if (this.phase === 'over') return;
    if (this.stopReason === null && !this.leaderGone) {
      this.stopReason = reason;
      // Best effort: without it the next engine would call this a crash.
      attempt(() => recordStop(this.files, reason));
      this.runtimeStale = true;
    }
    if (how === 'kill') this.ladder.kill();
    else if (!this.leaderGone) this.ladder.ask();
  }

  detach(): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    this.clearTimers();
    this.output.close();
  }

  private watchChild(child: ChildProcess): void {
    // The poll timer keeps the engine alive while it watches; after detach() nothing does.
    child.unref();
    child.once('exit', (code, signal) => {
      this.leaderCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      if (code === claimTakenCode && readExit(this.files) === null) {
        this.leaderCode = null;
        this.launchProblem = unclaimed(this.order);
      }
      this.leaderIsGone();
    });
    child.once('error', (error) => {
      // 'error' also tells of a failed kill; only a child without a pid never ran.
      if (child.pid !== undefined) return;
      this.launchProblem = error.message;
      this.leaderIsGone();
    });
  }

  private leaderIsGone(): void {
    this.leaderGone = true;
    // At once: a timer's millisecond would be a good part of a short attempt.
    this.poll();
  }

  /** After re-attachment: silence counts from the last output, and a stop under way goes on. */
  private takeOver(age: number): void {
    this.output.look();
    this.lastModifiedMs = this.output.modifiedMs();
    const silence = Math.max(0, Date.now() - this.lastModifiedMs);
    this.idle = new Stopwatch(Math.min(age, silence));
    if (this.stopReason !== null) this.ladder.ask();
  }

  private schedule(delayMs: number): void {
    clearTimeout(this.pollTimer);
    this.pollTimer = setTimeout(() => this.poll(), delayMs);
  }

  private poll(): void {
    if (this.phase !== 'watching') return;
    try {
      // Ask before reading: what it printed before its end is then read in any case.
      const gone = this.leaderGone || this.looksGone();
      // Its shell reports every end but that by KILL.
      if (gone && this.watched.kind === 'launched' && !this.exitReported) {
        this.leaderCode = 128 + constants.signals.SIGKILL;
      }
      const more = this.readOutput();
      if (this.isOver()) return; // a listener detached us
      if (gone) {
        this.phase = 'ending';
        clearTimeout(this.pollTimer);
        this.end().catch((error: unknown) => this.fail(error));
        return;
      }
      this.keepLimits();
      if (this.runtimeStale && performance.now() - this.runtimeWrittenAt >= RUNTIME_INTERVAL_MS) {
        this.writeRuntime(null);
      }
      this.schedule(more ? 0 : POLL_MS);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Returns whether more can be read at once. */
  private readOutput(): boolean {
    const { grew, more, activities } = this.output.advance();
    const modifiedMs = this.output.modifiedMs();
    if (modifiedMs !== this.lastModifiedMs) {
      this.lastModifiedMs = modifiedMs;
      this.idle = new Stopwatch();
    }
    if (grew) this.runtimeStale = true;
    this.notify(activities);
    if (isOtherSession(this.order.sessionId, this.output.summary())) this.stop('terminated', 'ask');
    return more;
  }

  private notify(activities: AgentActivity[]): void {
    if (activities.length > 0) this.heard(activities);
  }

  private looksGone(): boolean {
    if (!isKnownByIdentity(this.watched)) return false;
    const liveness = isSameProcess(this.watched.identity);
    if (liveness !== 'unknown') return liveness === 'gone';
    // In another pid namespace we can neither look nor signal: its files must tell.
    if (readExit(this.files) !== null || this.stopReason !== null) return true;
    return this.idle.elapsedMs() > (this.order.idleTimeoutMs ?? UNSEEN_IDLE_MS);
  }

  private keepLimits(): void {
    const { wallTimeoutMs, idleTimeoutMs } = this.order;
    if (wallTimeoutMs !== null && this.wall.elapsedMs() >= wallTimeoutMs) {
      this.stop('wall_timeout', 'ask');
    } else if (idleTimeoutMs !== null && this.idle.elapsedMs() >= idleTimeoutMs) {
      this.stop('idle_timeout', 'ask');
    }
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.pid === null || this.leaderGone || this.phase !== 'watching') return;
    const { watched } = this;
    // The number may have been given away since the last look.
    if (isKnownByIdentity(watched) && isSameProcess(watched.identity) !== 'alive') return;
    signalGroup(this.pid, signal);
  }

  private async end(): Promise<void> {
    this.leaderGone = true;
    await this.reaping();
    await this.sweepGroup();
    if (this.isOver()) return;
    this.output.limitToPresent();
    while (this.readOutput()) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.isOver()) return;
    }
    this.notify(this.output.finish());
    if (this.isOver()) return;
    const end = this.howItEnded();
    this.writeRuntime(end);
    this.removeLitter();
    this.phase = 'over';
    this.clearTimers();
    this.settle.resolve(end);
  }

  /** A leader reports its exit a moment before it is out of the process table, where it counts as alive. */
  private async reaping(): Promise<void> {
    const { pid, watched } = this;
    if (watched.kind !== 'launched' || !this.exitReported || pid === null) return;
    const waited = new Stopwatch();
    while (isInTable(pid) && waited.elapsedMs() < REAP_MS && !this.isOver()) {
      await watched.reaped();
    }
  }

  /** What the leader left behind in its group is terminated too. */
  private async sweepGroup(): Promise<void> {
    const { pid } = this;
    if (pid === null) return;
    await sweepGroup(pid, {
      graceMs: this.order.graceMs,
      lives: () => this.leftoversLive(pid),
      isForced: () => this.ladder.forced,
      isCancelled: () => this.isOver(),
      meanwhile: () => void this.readOutput(),
    });
  }

  private leftoversLive(pid: number): boolean {
    switch (this.watched.kind) {
      case 'child':
        return groupLives(pid);
      case 'launched':
      case 'attached':
      case 'gone': {
        if (this.exitReported) return groupLives(pid);
        // Its end was not seen by its parent: prove the members to be ours before signalling them.
        const { identity } = this.watched;
        if (identity === null || isSameProcess(identity) === 'unknown') return false;
        const attemptDir = this.order.env['CODEX_ORCH_ATTEMPT_DIR'] ?? this.order.attemptDir;
        return groupLivesWith(pid, `CODEX_ORCH_ATTEMPT_DIR=${attemptDir}`);
      }
      case 'failed':
        return false;
    }
  }

  private howItEnded(): AttemptEnd {
    const exit = readExit(this.files);
    const lastSign = this.output.lastOutputMs() ?? Date.parse(this.order.startedAt);
    const end = attemptEnd(this.order, this.backend, {
      stopped: this.stopReason,
      returnCode: exit?.code ?? this.leaderCode,
      output: this.output.summary(),
      stderrTail: this.output.stderrTail(),
      stdoutFile: this.files.stdout,
      finishedAtMs: this.watched.kind === 'gone' ? (exit?.atMs ?? lastSign) : Date.now(),
    });
    if (this.launchProblem === null) return end;
    return {
      ...end,
      termination_reason: 'nonzero_exit',
      failure_kind: 'runner_invocation',
      failure_summary: this.launchProblem,
      resume_recommended: false,
      final_message: null,
    };
  }

  private writeRuntime(end: AttemptEnd | null): void {
    this.runtimeWrittenAt = performance.now();
    this.runtimeStale = false;
    const facts = {
      pid: this.pid,
      command: this.watched.argv,
      progress: this.output.progress(),
      end,
    };
    // A report for people: a full disk must not end the watch. The event log will say so.
    attempt(() => writeRuntimeRecord(this.files.runtime, this.order, facts));
  }

  private removeLitter(): void {
    for (const name of this.backend.leaves) {
      attempt(() => rmdirSync(path.join(this.order.attemptDir, name)));
    }
  }

  private fail(error: unknown): void {
    this.detach();
    this.settle.reject(error);
  }

  /** A method, because the compiler would take an earlier comparison of `phase` to hold for ever. */
  private isOver(): boolean {
    return this.phase === 'over';
  }

  private clearTimers(): void {
    clearTimeout(this.pollTimer);
    this.ladder.cancel();
  }
}

/** For what is good to have but must not stop the watch. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // The caller said that it does not matter.
  }
}
