/**
 * How requests for permission are answered: nobody is there to be asked, so the sandbox of the attempt decides. What is
 * answered holds nothing by itself (a command line cannot be judged by its text, and agents need not ask): the sandbox
 * around the agent holds, or its own. Pure.
 */
import { recordsIn, textOf } from '../../output/fields.ts';
import type { BridgeOrder } from './bridge-order.ts';

/** Why a request was answered as it was. */
export type PermissionRule =
  /** The attempt may do everything. */
  | 'full_access'
  /** Our sandbox holds whatever is allowed. */
  | 'inside_sandbox'
  /** The agent asks only for what its own sandbox forbids. */
  | 'leaves_sandbox'
  /** How the agent may act is not its own to choose. */
  | 'changes_mode'
  /** The attempt is being stopped. */
  | 'stopping'
  /** No option is for this one time. */
  | 'no_option';

export interface PermissionAnswer {
  rule: PermissionRule;
  /** The kind of the option that was chosen; `cancelled`: none. */
  optionKind: string;
  outcome: { outcome: 'selected'; optionId: string } | { outcome: 'cancelled' };
}

/** `kind`: of the tool that is asked for. */
export function answerPermission(
  order: Pick<BridgeOrder, 'wrapped' | 'isHeld'>,
  request: { kind: string; options: unknown; isStopping: boolean },
): PermissionAnswer {
  if (request.isStopping) return cancelled('stopping');
  const [rule, wanted] = decide(order, request.kind);
  // One that holds for good would change the agent's settings.
  const options = recordsIn(request.options);
  const chosen = wanted
    .map((kind) => options.find((option) => option['kind'] === kind))
    .find((option) => textOf(option?.['optionId']) !== '');
  if (chosen === undefined) return cancelled('no_option');
  return {
    rule,
    optionKind: textOf(chosen['kind']),
    outcome: { outcome: 'selected', optionId: textOf(chosen['optionId']) },
  };
}

const allow = ['allow_once'];
const reject = ['reject_once', 'reject_always'];

function decide(
  { wrapped, isHeld }: Pick<BridgeOrder, 'wrapped' | 'isHeld'>,
  kind: string,
): [PermissionRule, string[]] {
  if (kind === 'switch_mode') return ['changes_mode', reject];
  if (wrapped) return ['inside_sandbox', allow];
  return isHeld ? ['leaves_sandbox', reject] : ['full_access', allow];
}

function cancelled(rule: PermissionRule): PermissionAnswer {
  return { rule, optionKind: 'cancelled', outcome: { outcome: 'cancelled' } };
}

/** Whether the agent was refused what it asked for. */
export function isRefused({ outcome, optionKind }: PermissionAnswer): boolean {
  return outcome.outcome === 'cancelled' || optionKind.startsWith('reject');
}
