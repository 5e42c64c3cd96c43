/** What a request comes to: the events that meet it, or why it cannot be met. */
import type { RunEvent } from '../events/events.ts';

export type Decision =
  | { ok: true; events: RunEvent[] }
  /** `reason`: a sentence for whoever asked, without a capital and a full stop. */
  | { ok: false; code: string; reason: string };

export function refuse(code: string, reason: string): Decision {
  return { ok: false, code, reason };
}
