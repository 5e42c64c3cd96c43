/** Colours, by what they mean. */
import picocolors from 'picocolors';
import type { InstanceStatus, RunStatus } from '../../model/run.ts';

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  /** Something wants the reader's attention. */
  asks(text: string): string;
  /** Something moves. */
  busy(text: string): string;
  /** A command to type. */
  command(text: string): string;
}

export function makePaint(color: boolean): Paint {
  const colors = picocolors.createColors(color);
  return {
    bold: colors.bold,
    dim: colors.dim,
    good: colors.green,
    bad: colors.red,
    asks: colors.yellow,
    busy: colors.cyan,
    command: colors.cyan,
  };
}

/** The colour of a status. */
export function paintStatus(
  paint: Paint,
  status: InstanceStatus | RunStatus | 'stopped' | 'aborted',
  text: string,
): string {
  switch (status) {
    case 'done':
      return paint.good(text);
    case 'failed':
    case 'aborted':
      return paint.bad(text);
    case 'waiting':
      return paint.asks(text);
    case 'running':
      return paint.busy(text);
    case 'pending':
    case 'runnable':
    case 'skipped':
    case 'stopped':
      return paint.dim(text);
  }
}
