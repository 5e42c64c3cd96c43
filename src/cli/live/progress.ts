/**
 * How a run shows itself while it goes on: a live view where the output is a terminal that can draw
 * one, otherwise a plain line for each event worth one.
 */
import type { AgentActivity } from '../../model/activity.ts';
import type { RunEvent } from '../../core/events/events.ts';
import type { RunState } from '../../core/state/run-state.ts';
import type { CliContext, Output } from '../context.ts';
import { activityLine } from '../render/activity-lines.ts';
import { noteworthyLine } from '../render/event-lines.ts';
import { liveLines } from '../render/live-lines.ts';
import { makePaint, type Paint } from '../render/paint.ts';
import { openScreen, type Screen } from '../render/screen.ts';
import { beginning } from '../../text/width.ts';

export interface RunProgress {
  /** For the view before the first event, and between events. */
  onState(state: RunState): void;
  onEvent(event: RunEvent, state: RunState): void;
  onActivity(instanceId: string, activity: AgentActivity): void;
  /** What goes on beside the run, such as what Ctrl-C has set off: shown until the view closes; null: no more. */
  note(text: string | null): void;
  /** A line that stays. */
  say(line: string): void;
  /** Leaves the terminal as it was; the view stays where `keep` is set. */
  close(keep: boolean): void;
}

/** At most one redraw in this time, however much happens. */
const REDRAW_MS = 100;
/** Clocks move on also when nothing else does. */
const TICK_MS = 1000;

export function openProgress(
  output: Output,
  { env, clock }: Pick<CliContext, 'env' | 'clock'>,
): RunProgress {
  const canDraw = output.isTerminal && env['TERM'] !== 'dumb' && output.rows >= 5;
  return canDraw ? new LiveView(output, clock) : plainProgress(output);
}

function plainProgress(output: Output): RunProgress {
  return {
    onState: () => undefined,
    onActivity: () => undefined,
    onEvent(event, state) {
      const line = noteworthyLine(event, state);
      if (line !== null) output.line(line);
    },
    note(text) {
      if (text !== null) output.line(text);
    },
    say: (line) => output.line(line),
    close: () => undefined,
  };
}

/** Redraws the whole run in place. */
class LiveView implements RunProgress {
  readonly #output: Output;
  readonly #clock: CliContext['clock'];
  readonly #paint: Paint;
  readonly #screen: Screen;
  readonly #activities = new Map<string, string>();
  readonly #ticking = setInterval(() => this.#draw(), TICK_MS).unref();
  readonly #endResize: () => void;
  #state: RunState | null = null;
  #note: string | null = null;
  #isClosed = false;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #pending: NodeJS.Timeout | null = null;

  constructor(output: Output, clock: CliContext['clock']) {
    this.#output = output;
    this.#clock = clock;
    this.#paint = makePaint(output.color);
    this.#screen = openScreen(output);
    this.#endResize = output.onResize(() => this.#draw());
  }

  onState(state: RunState): void {
    this.#state = state;
    this.#drawSoon();
  }

  onEvent(event: RunEvent, state: RunState): void {
    this.#state = state;
    if (event.instance_id !== null && event.event_type === 'attempt_started') {
      this.#activities.delete(event.instance_id);
    }
    this.#drawSoon();
  }

  onActivity(instanceId: string, activity: AgentActivity): void {
    const line = activityLine(activity);
    if (line === null) return;
    // Enough for any terminal; agents print megabytes.
    this.#activities.set(instanceId, beginning(line, 400));
    this.#drawSoon();
  }

  note(text: string | null): void {
    this.#note = text;
    this.#draw();
  }

  say(line: string): void {
    this.#screen.print(line);
  }

  close(keep: boolean): void {
    if (this.#isClosed) return;
    this.#note = null;
    this.#draw();
    this.#isClosed = true;
    clearInterval(this.#ticking);
    this.#endResize();
    this.#screen.close(keep);
    // The view stands apart from what is said after it.
    if (keep && this.#state) this.#output.line();
  }

  #drawSoon(): void {
    const waitMs = Math.max(0, REDRAW_MS - (this.#clock.elapsedMs() - this.#drawnMs));
    this.#pending ??= setTimeout(() => this.#draw(), waitMs).unref();
  }

  #draw(): void {
    if (this.#pending) clearTimeout(this.#pending);
    this.#pending = null;
    const state = this.#state;
    if (this.#isClosed || !state) return;
    this.#drawnMs = this.#clock.elapsedMs();
    const nowMs = Date.parse(this.#clock.now());
    const input = { state, activities: this.#activities, nowMs, note: this.#note };
    const { columns, rows } = this.#output;
    this.#screen.draw(liveLines(input, { columns, rows, paint: this.#paint }));
  }
}
