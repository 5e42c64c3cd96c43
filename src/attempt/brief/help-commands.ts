/** Commands by which a worker asks for help, with absolute paths: a login shell resets PATH. */
import path from 'node:path';
import type { DecisionKind, RequestKind, RequiredDecision } from '../../model/program.ts';
import { shellWord } from '../../text/shell-word.ts';
import type { AskableRole, StageRequest } from './stage-request.ts';

export interface Ask {
  audience: 'human' | 'assistant';
  kind: RequestKind;
  decisionKind: DecisionKind | null;
  role: string | null;
  options: readonly string[];
  blocking: boolean;
}

/** Where the prompt tells the worker to write its question. */
export function questionFile(request: StageRequest): string {
  return path.join(request.attemptDir, 'scratch', 'question.md');
}

export function helpFile(request: StageRequest): string {
  return path.join(request.attemptDir, 'context', 'interrupt', 'requesting-help.md');
}

/** The command that asks, in shell syntax over several lines. */
export function askCommand(request: StageRequest, ask: Ask): string {
  const lines = [`${shellWord(request.commandPath)} interrupt create`];
  lines.push(`--audience ${ask.audience} --kind ${ask.kind}`);
  if (ask.decisionKind !== null) lines[1] += ` --decision-kind ${ask.decisionKind}`;
  if (ask.role !== null) lines.push(`--target-role ${shellWord(ask.role)}`);
  lines.push(`--question-file ${shellWord(questionFile(request))}`);
  const options = ask.options.map((option) => `--option ${shellWord(option)}`);
  if (options.length > 0) lines.push(options.join(' '));
  lines.push(ask.blocking ? '--blocking' : '--non-blocking');
  return lines.join(' \\\n  ');
}

/** The command that suits a required decision, or null where nobody may be asked for it. */
export function decisionCommand(request: StageRequest, decision: RequiredDecision): string | null {
  const audience = decisionAudience(request, decision);
  if (audience === null) return null;
  const { decision_kind: decisionKind } = decision;
  const kind = decisionKind === 'review' ? 'approval' : 'question';
  return askCommand(request, {
    audience,
    kind,
    decisionKind,
    role: audience === 'assistant' ? roleFor(request, kind, decisionKind) : null,
    options: decision.decision_kind === 'review' ? ['approve', 'request changes'] : [],
    blocking: true,
  });
}

export function decisionAudience(
  request: StageRequest,
  decision: RequiredDecision,
): 'human' | 'assistant' | null {
  if (decision.audience !== 'assistant' && request.allowHuman) return 'human';
  if (decision.audience !== 'human' && request.roles.length > 0) return 'assistant';
  return null;
}

/** The decisions that no blocking question of any attempt has asked for yet. */
export function decisionsToAsk(request: StageRequest): RequiredDecision[] {
  return request.task.required_decisions.filter((decision) => !isAskedFor(request, decision));
}

export function isAskedFor(request: StageRequest, decision: RequiredDecision): boolean {
  return request.interrupts.some(
    ({ interrupt }) =>
      interrupt.blocking &&
      interrupt.decision_kind === decision.decision_kind &&
      (decision.audience === 'any' || decision.audience === interrupt.audience),
  );
}

/** The one command that this worker will most likely need; null where it may ask nobody. */
export function likeliestCommand(request: StageRequest): string | null {
  for (const decision of decisionsToAsk(request)) {
    const command = decisionCommand(request, decision);
    if (command !== null) return command;
  }
  if (request.roles.length > 0) return assistantCommand(request);
  if (!request.allowHuman) return null;
  return askCommand(request, {
    audience: 'human',
    kind: 'question',
    decisionKind: null,
    role: null,
    options: [],
    blocking: true,
  });
}

/** Asks the role that is named, of the kind that it answers; without a role, whichever fits. */
export function assistantCommand(request: StageRequest): string {
  const role = roleFor(request, 'clarification', null);
  const kinds = request.roles.find(({ id }) => id === role)?.request_kinds ?? [];
  return askCommand(request, {
    audience: 'assistant',
    kind: kinds.includes('clarification') ? 'clarification' : (kinds[0] ?? 'clarification'),
    decisionKind: null,
    role,
    options: [],
    blocking: true,
  });
}

/**
 * The role to name: the author's override, or the only one, or the preferred one. Otherwise none where the
 * command itself finds one that fits the question, and the first where it would find none.
 */
function roleFor(
  request: StageRequest,
  kind: RequestKind,
  decisionKind: DecisionKind | null,
): string | null {
  const { assistant_hints: hints } = request.task;
  const may = (id: string | undefined): id is string =>
    request.roles.some((role) => role.id === id);
  const override = decisionKind === null ? undefined : hints.decision_kind_overrides[decisionKind];
  if (may(override)) return override;
  if (decisionKind !== null) {
    const experts = request.roles.filter((role) => role.decision_kinds.includes(decisionKind));
    if (experts.length === 1) return (experts[0] as AskableRole).id;
  }
  if (request.roles.length === 1) return (request.roles[0] as AskableRole).id;
  const preferred = hints.preferred_roles.find(may) ?? null;
  if (decisionKind === null && preferred !== null) return preferred;
  const isFound = request.roles.some(
    ({ request_kinds: kinds, decision_kinds: decisions }) =>
      kinds.includes(kind) || (decisionKind !== null && decisions.includes(decisionKind)),
  );
  return isFound ? null : (preferred ?? request.roles[0]?.id ?? null);
}
