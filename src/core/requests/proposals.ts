/** Proposals in the log, section 10 of the contract. Recording is all that the runtime does with one. */
import type { Json } from '../../model/json.ts';
import type { Proposal, ProposalStatus } from '../../model/run.ts';
import type { RunEvent } from '../events/events.ts';
import { Recorder } from '../state/recorder.ts';
import type { RunState } from '../state/run-state.ts';

interface MarkProposal {
  command: 'mark_proposal';
  proposal_id: string;
  status: ProposalStatus;
  note: string | null;
}

interface RecordProposals {
  command: 'record_proposals';
  interrupt_id: string;
  proposals: Proposal[];
  /** Those that break a rule, and which. */
  dropped: { reason: string; proposal: Json }[];
}

export type ProposalRequest = MarkProposal | RecordProposals;

/** What is not there to be marked changes nothing. */
export function updateProposalStatus(
  state: RunState,
  { proposal_id, status, note }: MarkProposal,
  now: string,
): RunEvent[] {
  const recorder = new Recorder(state, now);
  if (state.proposals.has(proposal_id)) {
    recorder.emit('proposal_status_updated', null, { proposal_id, status, note });
  }
  return recorder.events;
}

/** What is known already, or belongs to no question of the run, changes nothing. */
export function recordProposals(
  state: RunState,
  { interrupt_id, proposals, dropped }: RecordProposals,
  now: string,
): RunEvent[] {
  const recorder = new Recorder(state, now);
  const instanceId = state.interrupts.get(interrupt_id)?.interrupt.instance_id;
  if (instanceId === undefined) return [];
  for (const proposal of proposals) {
    if (state.proposals.has(proposal.proposal_id)) continue;
    recorder.emit('proposal_recorded', instanceId, { proposal });
  }
  const known = state.droppedProposals.get(interrupt_id) ?? 0;
  for (const { reason, proposal } of dropped.slice(known)) {
    recorder.emit('proposal_dropped', instanceId, { interrupt_id, reason, proposal });
  }
  return recorder.events;
}
