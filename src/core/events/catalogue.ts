/** All types of events, and what follows from each: its records, its words. `evolve` applies them. */
import { attemptEvents } from './attempt.ts';
import { checkEvents } from './check.ts';
import type { EventPayloads, EventType, RunEvent } from './events.ts';
import { grantEvents } from './grant.ts';
import { instanceCreatedEvents } from './instance-created.ts';
import { instanceEvents } from './instance.ts';
import { instanceHeldEvents } from './instance-held.ts';
import { interruptEvents } from './interrupt.ts';
import { proposalEvents } from './proposal.ts';
import { resultEvents } from './result.ts';
import { regionEvents } from './region.ts';
import { runEvents } from './run.ts';
import { scopeEvents } from './scope.ts';
import { workspaceEvents } from './workspace.ts';
import { instanceRecord, type EventSpec, type Family, type RecordRef } from './spec.ts';

export const catalogue: Family<EventPayloads> = {
  ...runEvents,
  ...scopeEvents,
  ...regionEvents,
  ...instanceCreatedEvents,
  ...instanceEvents,
  ...instanceHeldEvents,
  ...attemptEvents,
  ...interruptEvents,
  ...grantEvents,
  ...proposalEvents,
  ...workspaceEvents,
  ...resultEvents,
  ...checkEvents,
};

/** Whether a run of this version of the format may have such events in its log. */
export function mayStandIn(formatVersion: number, type: EventType): boolean {
  return catalogue[type].since <= formatVersion;
}

export function isEventType(word: string): word is EventType {
  return Object.hasOwn(catalogue, word);
}

/** The entry of an event's own type. */
export function specOf(event: RunEvent): EventSpec<EventType, RunEvent['payload']> {
  // An entry takes the events of its own type alone, which the compiler cannot follow through a lookup.
  return catalogue[event.event_type] as EventSpec<EventType, RunEvent['payload']>;
}

/** The records that an event changes. */
export function recordsOf(event: RunEvent): RecordRef[] {
  return specOf(event).records?.(event) ?? instanceRecord(event);
}

/** What happened, on one line; empty where the event's type says it all. Not safe to print as it is. */
export function wordsOf(event: RunEvent): string {
  return specOf(event).says?.(event.payload) ?? '';
}
