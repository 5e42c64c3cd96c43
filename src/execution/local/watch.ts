/**
 * Watches one attempt's process: reads what it prints, keeps its limits, stops its group when asked, and
 * says how it ended. It holds nothing that the next engine could not find again on disk.
 */
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Backend, Environment } from '../../agents/backend.ts';
import { backendOf } from '../../agents/backends.ts';
import { isAnswer, type AgentActivity } from '../../model/activity.ts';
import type { AttemptBudget, AttemptEnd, AttemptOrder, StopReason } from '../../model/attempt.ts';
import type { Usage } from '../../model/run.ts';
import { isSameProcess, type ProcessIdentity } from '../../processes/identity.ts';
import { attemptEnd, isOtherSession } from '../attempt-end.ts';
import type { Handle, Heard } from '../executor.ts';
import {
  readExit,
  readStop,
  recordStop,
  recordWallLimit,
  showOutput,
  unclaimed,
} from './attempt-files.ts';
import type { AttemptFiles } from './attempt-files.ts';
import { claimTakenCode } from './attempt-shell.ts';
import { launchTrouble } from './launch-trouble.ts';
import { Limits, POLL_MS } from './limits.ts';
import { removeLitter } from './litter.ts';
import { Meter } from './meter.ts';
import { DOZE_MS, Pauses } from './pauses.ts';
import { signalGroup } from './process-group.ts';
import { AttemptOutput } from './progress.ts';
import { ProgressWatch } from './progress-watch.ts';
import { writeRuntimeRecord } from './runtime-record.ts';
import { nowMs, Stopwatch } from './stopwatch.ts';
import { endStrays } from './strays.ts';
import { sweepGroup, type Departure } from './sweep.ts';
import { TerminationLadder } from './termination-ladder.ts';
import { departureIsTold, isKnownByIdentity, pidOf } from './watched.ts';
import type { Watched } from './watched.ts';

const FIRST_POLL_MS = 20;
const RUNTIME_INTERVAL_MS = 1000;
/** Between two looks whether the leader lives, where its end is told of: with each look at one that is quiet. */
const LIVENESS_INTERVAL_MS = DOZE_MS - POLL_MS;
/** Without an idle limit: a process that we cannot look at is given up after this much silence. */
const UNSEEN_IDLE_MS = 600_000;

type State =
  | { kind: 'watching' }
  /** It was asked to stop, or killed, for this reason. */
  | { kind: 'stopping'; reason: StopReason }
  /** The leader is gone: what it left in its group is ended, and the rest of its output read. */
  | { kind: 'sweeping'; stopped: StopReason | null }
  | { kind: 'over' };

export class AttemptWatch implements Handle {
  readonly ended: Promise<AttemptEnd>;
  readonly pid: number | null;
  private order: AttemptOrder;
  private readonly watched: Watched;
  private readonly heard: Heard;
  private readonly backend: Backend;
  private readonly files: AttemptFiles;
  private readonly output: AttemptOutput;
  private readonly limits: Limits;
  private readonly meter: Meter;
  private readonly ladder: TerminationLadder;
  private settle!: { resolve(end: AttemptEnd): void; reject(error: unknown): void };
  private state: State = { kind: 'watching' };
  /** As soon as the leader is known to be gone, which is a moment before `sweeping`. */
  private departure: Departure | null = null;
  /** It could not be watched any longer, and may run on. */
  private isLost = false;
  private pollTimer: NodeJS.Timeout | undefined;
  private lastModifiedMs = 0;
  private sinceLiveness = new Stopwatch();
  private readonly pauses: Pauses;
  /** Since the last report; null before the first. */
  private reported: Stopwatch | null = null;
  private reportIsStale = true;
  /** null: its output alone tells whether it gets on, or nobody knows its process. */
  private readonly progress: ProgressWatch | null;
  private hasProgressed = false;

  constructor(
    order: AttemptOrder,
    files: AttemptFiles,
    watched: Watched,
    heard: Heard,
    /** All of the attempt's; null where it is not known. */
    env: Environment | null,
  ) {
    this.order = order;
    this.watched = watched;
    this.pid = pidOf(watched);
    this.heard = heard;
    this.backend = backendOf(order.backend);
    this.files = files;
    this.output = new AttemptOutput(this.backend, this.files, Date.parse(order.startedAt));
    this.pauses = new Pauses(files, () => this.schedule(FIRST_POLL_MS));
    this.limits = new Limits(order);
    this.meter = new Meter(order, this.backend, env);
    const isWatched = order.stall !== undefined && this.pid !== null && watched.kind !== 'gone';
    this.progress = isWatched ? new ProgressWatch(order, this.backend, this.pid ?? 0, env) : null;
    this.ladder = new TerminationLadder(this.backend.stopping(order), order.graceMs, (signal) =>
      this.signal(signal),
    );
    this.ended = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    switch (watched.kind) {
      case 'child':
        this.watchChild(watched.child);
        break;
      case 'launched':
        void watched.exited.then(() => {
          this.leaderIsGone({ code: null, wasSeen: true, problem: null });
        });
        break;
      case 'attached':
        this.takeOver(watched.identity);
        break;
      case 'gone':
        this.takeOverStop();
        this.departure = { code: null, wasSeen: false, problem: null };
        break;
      case 'failed':
        this.departure = { code: null, wasSeen: false, problem: watched.problem };
        break;
    }
    // Never within the constructor: whoever is told has no handle yet. And a fresh child has printed nothing
    // so far; one that ends before the first poll needs no report of its being alive.
    const isFresh = watched.kind === 'child' || watched.kind === 'launched';
    this.schedule(isFresh ? FIRST_POLL_MS : 0);
  }

  stop(reason: StopReason, how: 'ask' | 'kill'): void {
    if (this.state.kind === 'over') {
      if (this.isLost && how === 'kill') this.signal('SIGKILL');
      return;
    }
    if (this.state.kind === 'watching' && this.departure === null) {
      this.state = { kind: 'stopping', reason };
      // Best effort: without it the next engine would call this a crash.
      attempt(() => recordStop(this.files, reason));
      this.reportIsStale = true;
    }
    if (how === 'kill') this.ladder.kill();
    else if (this.departure === null) this.ladder.ask();
    this.lookSoon();
  }

  /** Of one that was found again. */
  isOverdue(): boolean {
    return this.limits.reached() !== null;
  }

  limitWall(wallTimeoutMs: number): void {
    this.limits.limitWall(wallTimeoutMs);
    if (this.backend.keepsLimits) attempt(() => recordWallLimit(this.files, wallTimeoutMs));
    this.order = { ...this.order, wallTimeoutMs };
    this.lookSoon();
  }

  limitUse(budget: AttemptBudget): void {
    this.limits.limitBudget(budget.wallMs);
    this.meter.limit(budget);
    this.order = { ...this.order, budget };
    this.lookSoon();
  }

  used(): Usage | null {
    return this.state.kind === 'over' ? null : this.meter.used(this.output.summary());
  }

  detach(): void {
    if (this.state.kind === 'over') return;
    this.state = { kind: 'over' };
    this.letGo();
    this.output.close();
  }

  private watchChild(child: ChildProcess): void {
    // The poll timer keeps the engine alive while it watches; after detach() nothing does.
    child.unref();
    child.once('exit', (exitCode, signal) => {
      const code = signal === null ? exitCode : this.codeOfKill(constants.signals[signal]);
      const isUnclaimed = exitCode === claimTakenCode && readExit(this.files) === null;
      this.leaderIsGone({
        code: isUnclaimed ? null : code,
        wasSeen: true,
        problem: isUnclaimed ? unclaimed(this.files) : null,
      });
    });
    child.once('error', (error) => {
      // 'error' also tells of a failed kill; only a child without a pid never ran.
      if (child.pid !== undefined) return;
      this.leaderIsGone({ code: null, wasSeen: false, problem: launchTrouble(error) });
    });
  }

  private leaderIsGone(departure: Departure): void {
    this.departure = departure;
    // At once: a timer's millisecond would be a good part of a short attempt.
    this.poll();
  }

  /** After re-attachment: silence counts from the last output, and a stop under way goes on. */
  private takeOver(identity: ProcessIdentity): void {
    this.output.look();
    this.lastModifiedMs = this.output.modifiedMs();
    this.limits.takeOver(identity, this.lastModifiedMs);
    this.takeOverStop();
    if (this.state.kind === 'stopping') this.ladder.ask();
  }

  private takeOverStop(): void {
    const reason = readStop(this.files);
    if (reason !== null) this.state = { kind: 'stopping', reason };
  }

  /** Whatever pause was meant for what counted before. */
  private lookSoon(): void {
    if (this.departure === null) this.schedule(POLL_MS);
  }

  private schedule(delayMs: number): void {
    if (this.state.kind !== 'watching' && this.state.kind !== 'stopping') return;
    clearTimeout(this.pollTimer);
    this.limits.planLook(delayMs);
    this.pollTimer = setTimeout(() => this.poll(), delayMs);
  }

  private poll(): void {
    if (this.state.kind !== 'watching' && this.state.kind !== 'stopping') return;
    try {
      // Ask before reading: what it printed before its end is then read in any case.
      this.limits.look();
      const departure = this.departure ?? this.departureSeen();
      const more = this.readOutput();
      if (this.isOver()) return; // who heard it has let go
      if (departure !== null) {
        clearTimeout(this.pollTimer);
        this.pauses.close();
        this.sweep(departure).catch((error: unknown) => this.fail(error));
        return;
      }
      const limit = this.limitReached() ?? this.budgetPassed();
      if (limit !== null) this.stop(limit, 'ask');
      const reportIsDue = (this.reported?.elapsedMs() ?? Infinity) >= RUNTIME_INTERVAL_MS;
      if (this.reportIsStale && reportIsDue) this.writeRuntime(null);
      this.schedule(more ? 0 : this.pauseMs(departureIsTold(this.watched)));
    } catch (error) {
      this.fail(error);
    }
  }

  private budgetPassed(): StopReason | null {
    if (this.state.kind !== 'watching') return null;
    return this.meter.isPassed(this.output.summary()) ? 'budget' : null;
  }

  /** The limit that it has come to: also that of silence, where nothing else shows that it gets on. */
  private limitReached(): StopReason | null {
    const { limits, progress } = this;
    if (progress === null) return limits.reached();
    if (this.state.kind !== 'watching') return null;
    const { busyWith, sessionId } = this.output.summary();
    limits.setBusy(busyWith);
    const quietMs = limits.quietMs();
    if (quietMs !== null && progress.hasWorked(quietMs)) limits.sawProgress();
    const limit = limits.reached();
    if (limit !== 'idle_timeout') return limit;
    const change = progress.lastChange(limits.silenceMs(), sessionId);
    if (change === 'none') return limit;
    if (change !== 'unknown') limits.sawProgress(change);
    return null;
  }

  /**
   * Until the next look. The longer nothing happens, the longer it may take to be seen, where an end is told of by
   * others; never past a limit.
   */
  private pauseMs(isTold: boolean): number {
    const leftMs = this.limits.leftMs();
    // A look at its files goes on beside.
    if (this.progress !== null && leftMs <= 0) return FIRST_POLL_MS;
    const mayDoze = isTold && this.state.kind === 'watching' && !this.meter.isBounded();
    const pauseMs = mayDoze ? this.pauses.next(leftMs, this.reportIsStale) : POLL_MS;
    return Math.max(1, Math.min(pauseMs, leftMs));
  }

  /** Returns whether more can be read at once. */
  private readOutput(): boolean {
    const { grew, more, activities } = this.output.advance();
    const modifiedMs = this.output.modifiedMs();
    if (modifiedMs !== this.lastModifiedMs) {
      this.lastModifiedMs = modifiedMs;
      this.limits.sawProgress();
      this.progress?.sawOutput();
    }
    if (grew) {
      this.reportIsStale = true;
      this.pauses.begin();
    }
    this.tell(activities);
    if (isOtherSession(this.order.sessionId, this.output.summary())) this.stop('terminated', 'ask');
    return more;
  }

  private tell(activities: AgentActivity[]): void {
    if (activities.length === 0) return;
    this.hasProgressed ||= activities.some((each) => isAnswer(each) || each.type === 'output');
    this.heard(activities);
  }

  /** Looks whether the leader lives, where nobody would tell. */
  private departureSeen(): Departure | null {
    const { watched } = this;
    if (!isKnownByIdentity(watched)) return null;
    if (departureIsTold(watched) && this.state.kind === 'watching') {
      // Only where its shell, or the launcher's process for it, was killed does nobody tell.
      if (this.sinceLiveness.elapsedMs() < LIVENESS_INTERVAL_MS) return null;
      this.sinceLiveness = new Stopwatch();
    }
    const liveness = isSameProcess(watched.identity);
    if (liveness === 'alive') return null;
    if (liveness === 'unknown' && !this.isGivenUp()) return null;
    // Of a launched one, the shell was killed: it reports every other end.
    const code = watched.kind === 'launched' ? this.codeOfKill(constants.signals.SIGKILL) : null;
    return { code, wasSeen: false, problem: null };
  }

  /** The shell around the agent was killed. If not by us, that says nothing of how the agent ended. */
  private codeOfKill(signal: number): number | null {
    return this.state.kind === 'stopping' ? 128 + signal : null;
  }

  /** In another pid namespace we can neither look nor signal: its files must tell. */
  private isGivenUp(): boolean {
    if (readExit(this.files) !== null || this.state.kind === 'stopping') return true;
    return this.limits.silenceMs() > (this.order.idleTimeoutMs ?? UNSEEN_IDLE_MS);
  }

  private signal(signal: NodeJS.Signals): void {
    const pid = pidOf(this.watched);
    if (pid === null || this.departure !== null) return;
    const { watched } = this;
    // The number may have been given away since the last look.
    if (isKnownByIdentity(watched) && isSameProcess(watched.identity) !== 'alive') return;
    signalGroup(pid, signal);
  }

  private async sweep(departure: Departure): Promise<void> {
    this.departure = departure;
    const stopped = this.state.kind === 'stopping' ? this.state.reason : null;
    this.state = { kind: 'sweeping', stopped };
    await sweepGroup(this.order, this.watched, {
      wasSeen: () => this.departure?.wasSeen === true,
      isForced: () => this.ladder.forced,
      isCancelled: () => this.isOver(),
      meanwhile: () => void this.readOutput(),
    });
    if (this.isOver()) return;
    if (this.backend.startsSessions && departure.problem === null) await endStrays(this.order);
    if (this.isOver()) return;
    this.output.limitToPresent();
    while (this.readOutput()) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.isOver()) return;
    }
    this.tell(this.output.finish());
    if (this.isOver()) return;
    const end = this.howItEnded(departure, stopped);
    this.writeRuntime(end);
    removeLitter(this.order, this.backend.leaves);
    this.state = { kind: 'over' };
    this.letGo();
    this.settle.resolve(end);
  }

  private howItEnded({ code, problem }: Departure, stopped: StopReason | null): AttemptEnd {
    const exit = readExit(this.files);
    const lastSign = this.output.lastOutputMs() ?? Date.parse(this.order.startedAt);
    const output = this.output.summary();
    const end = attemptEnd(this.order, this.backend, {
      stopped,
      returnCode: exit?.code ?? code,
      output,
      sessionUse: this.meter.sessionUse(output),
      progressed: this.hasProgressed,
      stderrTail: this.output.stderrTail(),
      stdoutFile: this.files.stdout,
      finishedAtMs: this.watched.kind === 'gone' ? (exit?.atMs ?? lastSign) : nowMs(),
    });
    if (problem === null) return end;
    return {
      ...end,
      termination_reason: 'nonzero_exit',
      failure_kind: 'runner_invocation',
      failure_summary: problem,
      resume_recommended: false,
      final_message: null,
    };
  }

  private writeRuntime(end: AttemptEnd | null): void {
    const isOnly = this.reported === null && end !== null && this.watched.kind !== 'gone';
    if (this.reported === null && end === null) showOutput(this.order);
    this.reported = new Stopwatch();
    this.reportIsStale = false;
    const { argv: command } = this.watched;
    const facts = { pid: pidOf(this.watched), command, progress: this.output.progress(), end };
    // A report for people: a full disk must not end the watch. The event log will say so.
    attempt(() => writeRuntimeRecord(this.files.runtime, this.order, facts, { isOnly }));
  }

  private fail(error: unknown): void {
    this.isLost = true;
    this.detach();
    this.settle.reject(error);
  }

  /** A method, because the compiler would take an earlier comparison of `state` to hold for ever. */
  private isOver(): boolean {
    return this.state.kind === 'over';
  }

  private letGo(): void {
    clearTimeout(this.pollTimer);
    this.pauses.close();
    this.ladder.cancel();
    this.meter.close();
    this.progress?.close();
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
