/** Which limit counts while an attempt shows no progress. */
import type { OutputSummary } from '../agents/backend.ts';
import type { AttemptOrder } from '../model/attempt.ts';

/** How long it may show no progress, as it is busy now, ms; null: as long as it likes. */
export function quietLimit(
  { idleTimeoutMs, stall }: Pick<AttemptOrder, 'idleTimeoutMs' | 'stall'>,
  { busyWith }: Pick<OutputSummary, 'busyWith'>,
): number | null {
  return stall !== undefined && busyWith === 'command' ? stall.commandTimeoutMs : idleTimeoutMs;
}
