/** All that anybody may ask of a run, and the one place that decides about it. */
import type { ProcessEnd } from '../../model/attempt.ts';
import type { Interrupt, Reply } from '../../model/run.ts';
import type { RunState } from '../state/run-state.ts';
import { abortRun } from './abort.ts';
import { askQuestion, refuseWhenOver } from './ask.ts';
import type { Decision } from './decision.ts';
import { grantMore, type GrantWish } from './grant.ts';
import { updateProposalStatus, recordProposals, type ProposalRequest } from './proposals.ts';
import { answerQuestion, refuseClosed } from './reply.ts';
import { isOverForGood } from '../state/standing.ts';
import { refuseAborted, retryInstance } from './retry.ts';
import { reviveFailed } from './revive.ts';

/** Some lie in the inbox as they stand: field names are the contract's. */
export type Request =
  | { command: 'ask'; interrupt: Interrupt }
  | { command: 'reply'; reply: Reply }
  /**
   * Once every process of the run has been stopped. `ends`: how the attempts ended that were stopped for
   * it, by instance.
   */
  | { command: 'abort'; ends?: ReadonlyMap<string, ProcessEnd> }
  /** `orphaned`: also instances of whose end nobody knows. */
  | { command: 'resume'; orphaned?: boolean }
  /** `new_session`: leaves the conversation of the earlier attempts, and begins with the whole prompt. */
  | {
      command: 'retry_instance';
      instance_id: string;
      granted_iterations: number;
      new_session?: boolean;
      /** A clean tree, where it has one of its own. */
      fresh_tree?: boolean;
    }
  | ({ command: 'grant' } & GrantWish)
  | ProposalRequest;

/** What a request comes to. Its events are in `state` already, and to be committed. `now`: ISO 8601, UTC. */
export function decide(state: RunState, request: Request, now: string): Decision {
  switch (request.command) {
    case 'ask':
      return refuseWhenOver(state, request.interrupt) ?? askQuestion(state, request.interrupt, now);
    case 'reply':
      return (
        refuseClosed(state, request.reply.interrupt_id) ?? answerQuestion(state, request.reply, now)
      );
    case 'abort':
      return { ok: true, events: abortRun(state, request.ends ?? new Map(), now) };
    case 'resume':
      return {
        ok: true,
        events: isOverForGood(state) ? [] : reviveFailed(state, now, request.orphaned === true),
      };
    case 'retry_instance':
      return (
        refuseAborted(state) ??
        retryInstance(
          state,
          request.instance_id,
          {
            grantIterations: request.granted_iterations,
            newSession: request.new_session === true,
            freshTree: request.fresh_tree === true,
          },
          now,
        )
      );
    case 'grant':
      return refuseAborted(state) ?? grantMore(state, request, now);
    case 'mark_proposal':
      return { ok: true, events: updateProposalStatus(state, request, now) };
    case 'record_proposals':
      return { ok: true, events: recordProposals(state, request, now) };
  }
}
