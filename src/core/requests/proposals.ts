/** Proposals in the log, section 10 of the contract. Recording is all that the runtime does with one. */
import type { RunEvent } from '../events/events.ts';
import type { Json } from '../../model/json.ts';
import { Recorder } from '../state/recorder.ts';
import type { Proposal, ProposalStatus } from '../../model/run.ts';
import type { RunState } from '../state/run-state.ts';

export type ProposalRequest =
  | { command: 'mark_proposal'; proposal_id: string; status: ProposalStatus; note: string | null }
  | {
      command: 'record_proposals';
      interrupt_id: string;
      proposals: Proposal[];
      dropped: { reason: string; proposal: Json }[];
    };

/** What is known already, or not there to be marked, changes nothing. */
export function recordProposals(
  state: RunState,
  request: ProposalRequest,
  now: string,
): RunEvent[] {
  const recorder = new Recorder(state, now);
  if (request.command === 'mark_proposal') {
    const { proposal_id, status, note } = request;
    if (state.proposals.has(proposal_id)) {
      recorder.emit('proposal_status_updated', null, { proposal_id, status, note });
    }
    return recorder.events;
  }
  const interrupt = state.interrupts.get(request.interrupt_id)?.interrupt;
  if (!interrupt) return [];
  for (const proposal of request.proposals) {
    if (state.proposals.has(proposal.proposal_id)) continue;
    recorder.emit('proposal_recorded', interrupt.instance_id, { proposal });
  }
  const dropped = state.droppedProposals.get(request.interrupt_id) ?? 0;
  for (const { reason, proposal } of request.dropped.slice(dropped)) {
    const payload = { interrupt_id: request.interrupt_id, reason, proposal };
    recorder.emit('proposal_dropped', interrupt.instance_id, payload);
  }
  return recorder.events;
}
