/**
 * How a run shows itself while it goes on: a live view where the output is a terminal that can draw
 * one, otherwise a plain line for each event worth one.
 */
import type { AgentActivity } from '../../model/activity.ts';
import type { RunEvent } from '../../core/events/events.ts';
import { runStatus, type RunState } from '../../core/state/run-state.ts';
import type { CliContext, Output } from '../context.ts';
import { activityLine } from '../render/activity-lines.ts';
import { noteworthyLine } from '../render/event-lines.ts';
import { liveLines } from '../render/live-lines.ts';
import { makePaint } from '../render/paint.ts';
import { openScreen } from '../render/screen.ts';

export interface RunProgress {
  /** For the view before the first event, and between events. */
  onState(state: RunState): void;
  onEvent(event: RunEvent, state: RunState): void;
  onActivity(instanceId: string, activity: AgentActivity): void;
  /** What goes on beside the run, such as what Ctrl-C has set off: shown until the view closes. */
  note(text: string): void;
  /** A line that stays. */
  say(line: string): void;
  /** Leaves the terminal as it was; the view stays where `keep` is set. */
  close(keep: boolean): void;
}

/** At most one redraw in this time, however much happens. */
const REDRAW_MS = 100;
/** Clocks move on also when nothing else does. */
const TICK_MS = 1000;

/** `since`: what the time shown counts from: this moment, or the start of the run. */
export function openProgress(
  output: Output,
  { env, clock }: Pick<CliContext, 'env' | 'clock'>,
  since: 'now' | 'run',
): RunProgress {
  const canDraw = output.isTerminal && env['TERM'] !== 'dumb' && output.rows >= 5;
  return canDraw ? openLiveView(output, clock, since) : plainProgress(output);
}

function plainProgress(output: Output): RunProgress {
  return {
    onState: () => undefined,
    onActivity: () => undefined,
    onEvent(event, state) {
      const line = noteworthyLine(event, state);
      if (line !== null) output.line(line);
    },
    note: (text) => output.line(text),
    say: (line) => output.line(line),
    close: () => undefined,
  };
}

function openLiveView(
  output: Output,
  clock: CliContext['clock'],
  since: 'now' | 'run',
): RunProgress {
  const screen = openScreen(output);
  const paint = makePaint(output.color);
  const activities = new Map<string, string>();
  const openedMs = clock.elapsedMs();
  let current: RunState | null = null;
  let note: string | null = null;
  let closed = false;
  let drawnMs = Number.NEGATIVE_INFINITY;
  let pending: NodeJS.Timeout | null = null;

  const draw = (): void => {
    if (pending) clearTimeout(pending);
    pending = null;
    if (closed || !current) return;
    drawnMs = clock.elapsedMs();
    const nowMs = Date.parse(clock.now());
    const elapsedMs =
      since === 'now'
        ? drawnMs - openedMs
        : untilRest(current, nowMs) - Date.parse(current.createdAt);
    const input = { state: current, activities, nowMs, elapsedMs, note };
    screen.draw(liveLines(input, { columns: output.columns, rows: output.rows, paint }));
  };
  const drawSoon = (): void => {
    pending ??= setTimeout(draw, Math.max(0, REDRAW_MS - (clock.elapsedMs() - drawnMs))).unref();
  };
  const ticking = setInterval(draw, TICK_MS).unref();
  const endResize = output.onResize(draw);

  return {
    onState(state) {
      current = state;
      drawSoon();
    },
    onEvent(event, state) {
      current = state;
      if (event.instance_id !== null && event.event_type === 'attempt_started') {
        activities.delete(event.instance_id);
      }
      drawSoon();
    },
    onActivity(instanceId, activity) {
      const line = activityLine(activity);
      if (line === null) return;
      // Enough for any terminal; agents print megabytes.
      activities.set(instanceId, line.slice(0, 400));
      drawSoon();
    },
    note(text) {
      note = text;
      draw();
    },
    say: (line) => screen.print(line),
    close(keep) {
      if (closed) return;
      note = null;
      draw();
      closed = true;
      clearInterval(ticking);
      endResize();
      screen.close(keep);
      // The view stands apart from what is said after it.
      if (keep && current) output.line();
    },
  };
}

/** A run that rests has taken the time up to its last event. */
function untilRest(state: RunState, nowMs: number): number {
  const status = runStatus(state);
  return status === 'running' || status === 'pending' ? nowMs : Date.parse(state.updatedAt);
}
