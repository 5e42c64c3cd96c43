/** A command that an engine must take: says whom it waits for, and gives up when the person does. */
import type { Waiting } from '../../app/run/request.ts';
import { describeHolder } from '../../app/run/inspect-run.ts';
import type { CliContext } from '../context.ts';
import { makePaint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';

/** A living engine answers sooner, as a rule. */
const QUIET_MS = 1000;

/** Runs `work`; while it waits for an engine, the first signal ends that. */
export function waited<T>(context: CliContext, work: (waiting: Waiting) => Promise<T>): Promise<T> {
  const enough = new AbortController();
  return work({
    signal: enough.signal,
    onWait(holder) {
      const endSignals = context.onSignal(() => enough.abort());
      const say = (): void => {
        const paint = makePaint(context.stderr.color);
        const who = plainLine(describeHolder(holder));
        context.stderr.line(paint.dim(`waits for ${who}, which drives the run`));
      };
      if (holder.liveness === 'unknown') say();
      const timer = holder.liveness === 'unknown' ? undefined : setTimeout(say, QUIET_MS);
      return () => {
        clearTimeout(timer);
        endSignals();
      };
    },
  });
}
