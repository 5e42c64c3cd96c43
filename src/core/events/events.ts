/**
 * The event log's vocabulary, section 12 of the contract: one record per line of events.jsonl.
 * The state of a run follows from these alone (`evolve`).
 */
import type { AttemptEvents } from './attempt.ts';
import type { CheckEvents } from './check.ts';
import type { GrantEvents } from './grant.ts';
import type { InstanceCreatedEvents } from './instance-created.ts';
import type { InstanceEvents } from './instance.ts';
import type { InstanceHeldEvents } from './instance-held.ts';
import type { InterruptEvents } from './interrupt.ts';
import type { ProposalEvents } from './proposal.ts';
import type { ResultEvents } from './result.ts';
import type { RegionEvents } from './region.ts';
import type { RunEvents } from './run.ts';
import type { ScopeEvents } from './scope.ts';
import type { LoggedEvent } from './spec.ts';
import type { WorkspaceEvents } from './workspace.ts';

/** Event type → payload. */
export interface EventPayloads
  extends
    RunEvents,
    ScopeEvents,
    RegionEvents,
    InstanceCreatedEvents,
    InstanceEvents,
    InstanceHeldEvents,
    AttemptEvents,
    InterruptEvents,
    GrantEvents,
    ProposalEvents,
    WorkspaceEvents,
    ResultEvents,
    CheckEvents {}

export type EventType = keyof EventPayloads;

export type RunEventOf<T extends EventType> = LoggedEvent<T, EventPayloads[T]>;

/** One event, without the `prev` hash that the store adds when it writes the line. */
export type RunEvent = { [T in EventType]: RunEventOf<T> }[EventType];
