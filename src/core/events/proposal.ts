/** Events of proposals: what an answering role suggests to change in the program. */
import type { Json } from '../../model/json.ts';
import type { Proposal, ProposalStatus } from '../../model/run.ts';
import type { Family } from './spec.ts';

export interface ProposalEvents {
  proposal_recorded: { proposal: Proposal };
  proposal_dropped: { interrupt_id: string; reason: string; proposal: Json };
  proposal_status_updated: { proposal_id: string; status: ProposalStatus; note: string | null };
}

export const proposalEvents: Family<ProposalEvents> = {
  proposal_recorded: {
    since: 1,
    misfit(state, { payload: { proposal } }) {
      const { proposal_id: id, interrupt_id: asked } = proposal;
      if (state.proposals.has(id)) return `${id} has been recorded already`;
      return state.interrupts.has(asked) ? null : `there is no interrupt ${asked}`;
    },
    apply(state, { payload: { proposal } }) {
      state.proposals.set(proposal.proposal_id, { ...proposal });
    },
    records: ({ payload }) => [{ kind: 'proposal', id: payload.proposal.proposal_id }],
    says: ({ proposal }) => `${proposal.proposal_id}: ${proposal.proposal.summary}`,
    news: 'proposal',
  },
  proposal_dropped: {
    since: 1,
    misfit: (state, { payload: { interrupt_id: id } }) =>
      state.interrupts.has(id) ? null : `there is no interrupt ${id}`,
    apply(state, { payload: { interrupt_id: id } }) {
      state.droppedProposals.set(id, (state.droppedProposals.get(id) ?? 0) + 1);
    },
    says: ({ reason }) => reason,
  },
  proposal_status_updated: {
    since: 1,
    apply(state, { payload, created_at: at }) {
      const proposal = state.proposals.get(payload.proposal_id);
      if (!proposal) throw new Error(`no proposal ${payload.proposal_id}`);
      proposal.status = payload.status;
      proposal.status_note = payload.note;
      proposal.status_updated_at = at;
    },
    records: ({ payload }) => [{ kind: 'proposal', id: payload.proposal_id }],
    says: ({ proposal_id: id, status, note }) => `${id} ${status} ${note ?? ''}`,
  },
};
