/** `run events`. */
import { stringifyJson } from '../../model/json.ts';
import type { RunEvent } from '../../core/events/events.ts';
import { defineCommand, flag, prints, PROGRAM, RUN_OR_LATEST } from '../command.ts';
import { timeOfDay } from '../render/amounts.ts';
import { eventSummary } from '../render/event-lines.ts';
import { makePaint, type Paint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { fit } from '../../text/width.ts';

export const command = defineCommand({
  description: 'Lists the event log: one event a line.',
  words: [PROGRAM, RUN_OR_LATEST],
  usage: '[-f] [--json]',
  options: {
    follow: flag('-f, --follow', 'go on as more happens, until the run comes to rest'),
    json: flag('--json', 'print a JSON list; with --follow, one JSON object a line'),
  },
  json: prints<RunEvent[]>('The event log. With `--follow`: one event a line.'),
  examples: ['. latest', '. latest -f --json'],
  async run({ words: [programDir, run], options: { follow, json }, printJson }, context) {
    const { followRun, resolveRunId } = await import('../../app/run/inspect-run.ts');
    const runId = resolveRunId(programDir, run);
    const { stdout } = context;
    const paint = makePaint(stdout.color);
    const print = (event: RunEvent): void => {
      if (json) stdout.line(stringifyJson(event));
      else if (stdout.isTerminal) stdout.line(terminalLine(event, stdout.columns, paint));
      else stdout.line(pipedLine(event));
    };
    if (follow) {
      const { exitAfterFollowing, followUntilRest } = await import('../live/follow.ts');
      const end = await followUntilRest(programDir, runId, { onEvent: print }, context);
      return exitAfterFollowing(end, context);
    }
    const past: RunEvent[] = [];
    await followRun(
      programDir,
      runId,
      (event) => {
        if (json) past.push(event);
        else print(event);
      },
      { onCaughtUp: () => false },
    );
    if (json) printJson(past);
  },
});

function pipedLine(event: RunEvent): string {
  const { seq, created_at: at, event_type: type, instance_id: instance } = event;
  return [String(seq), at, type, instance ?? '', eventSummary(event)].map(plainLine).join('\t');
}

function terminalLine(event: RunEvent, columns: number, paint: Paint): string {
  const { seq, created_at: at, event_type: type, instance_id: instance } = event;
  const left = `${String(seq).padStart(4)}  ${timeOfDay(at)}`;
  const what = type.padEnd(19);
  const text = [instance ?? '', eventSummary(event)].filter((part) => part !== '').join('  ');
  const room = Math.max(20, columns - left.length - what.length - 5);
  return `${paint.dim(left)}  ${toneOf(event, paint)(what)}  ${fit(plainLine(text), room)}`.trimEnd();
}

function toneOf(event: RunEvent, paint: Paint): (text: string) => string {
  switch (event.event_type) {
    case 'instance_failed':
    case 'run_aborted':
    case 'session_lost':
    case 'proposal_dropped':
      return paint.bad;
    case 'instance_done':
    case 'run_completed':
      return paint.good;
    case 'interrupt_requested':
    case 'instance_waiting':
      return paint.asks;
    case 'attempt_started':
      return paint.busy;
    default:
      return (text) => text;
  }
}
