/** The two prompts: the full one, and the one that continues a session. Pure: files are staged already. */
import path from 'node:path';
import { executionContract, loopBudget } from './execution-contract.ts';
import type { ResultSchema } from './execution-contract.ts';
import {
  decisionAudience,
  decisionCommand,
  decisionsToAsk,
  helpFile,
  isAskedFor,
} from './help-commands.ts';
import type { RequiredDecision } from '../../model/program.ts';
import type { FailureKind } from '../../model/run.ts';
import { bullets, code, fenced, oneLine, paragraphs } from '../../text/markdown.ts';
import { replySections } from './reply-sections.ts';
import { wentOnSection } from './went-on.ts';
import type { StagedFile, StageRequest } from './stage-request.ts';
import type { StagedItems } from './stage-references.ts';

/** A composed part, ready to be put into the prompt. */
export type PromptPart =
  | { kind: 'text'; text: string }
  | { kind: 'reference'; ref: string; file: StagedFile }
  | { kind: 'items'; ref: string; items: StagedItems };

export interface PromptMaterial {
  parts: PromptPart[];
  /** `runtime_guidance/decision_obligations.md`, or null. */
  obligations: string | null;
  schema: ResultSchema | null;
  /** Of the files to publish, those that the previous attempt left. */
  leftBehind: string[];
  /** How to ask for help; null: the attempt has no such file. */
  helpFile: string | null;
}

export function freshPrompt(request: StageRequest, material: PromptMaterial): string {
  return `${paragraphs(
    decisionSection(request, material.obligations),
    parts(request, material.parts),
    '---',
    executionContract(request, material),
    earlierAttempts(request, material),
    agentsThatGaveUp(request),
    replySections(request.replies),
    failureSection(request),
    wentOnSection(request.told),
  )}\n`;
}

export function continuePrompt(request: StageRequest, material: PromptMaterial): string {
  const { task, attempt } = request;
  const replies = replySections(request.replies);
  const failure = failureSection(request);
  const granted = grant(request);
  const wentOn = wentOnSection(request.told);
  const nothingNew = replies === '' && failure === null && granted === null && wentOn === null;
  return `${paragraphs(
    `# Task \`${task.id}\` goes on: attempt ${attempt}, in the same session`,
    nothingNew
      ? 'Your last turn was cut short before it was finished. Look at what is done already, then go on from there.'
      : 'What was said before still holds. Here is what is new.',
    replies,
    failure,
    wentOn,
    failure === null && wentOn === null ? null : openDecisions(request),
    granted,
    references(request, material.parts),
    newPlaces(request, material),
  )}\n`;
}

function decisionSection(request: StageRequest, obligations: string | null): string | null {
  const decisions = request.task.required_decisions;
  if (decisions.length === 0) return null;
  const list = decisions.map((decision) => {
    const from = decisionMaker(request, decision);
    const description = decision.description === '' ? '' : `: ${oneLine(decision.description)}`;
    const asked = isAskedFor(request, decision) ? ' (asked already)' : '';
    return `\`${decision.decision_kind}\`, ${from}${description}${asked}`;
  });
  return paragraphs(
    '# Decisions that are not yours',
    `Ask for ${decisions.length === 1 ? 'this decision' : 'each of these decisions'} with a blocking question, even where you believe you know the answer; the task fails without it. How: ${helpFile(request)}`,
    bullets(list),
    'Do nothing that depends on an answer before you have it, and take it as it is: an objection is no approval.',
    obligations,
  );
}

function decisionMaker(request: StageRequest, decision: RequiredDecision): string {
  if (decision.audience === 'any' && request.allowHuman && request.roles.length > 0) {
    return 'from a human or an assistant role';
  }
  const audience = decisionAudience(request, decision) ?? decision.audience;
  return audience === 'human' ? 'from a human' : 'from an assistant role';
}

function parts(request: StageRequest, all: readonly PromptPart[]): string {
  return paragraphs(
    ...all.map((part) => (part.kind === 'text' ? part.text : referenceLine(request, part))),
  );
}

/** By path, content type, size and hash: the content is the agent's to read, or not. */
function referenceLine(request: StageRequest, part: Exclude<PromptPart, { kind: 'text' }>): string {
  if (part.kind === 'items') {
    const { directory, path: file, count } = part.items;
    const where = path.join(request.attemptDir, ...directory.split('/'), '<key>', file);
    return `Reference ${code(oneLine(part.ref))}: ${count} ${count === 1 ? 'file' : 'files'}, one of each item that is done, ${where}`;
  }
  const { file } = part;
  const where = path.join(request.attemptDir, ...file.path.split('/'));
  return `Reference ${code(oneLine(part.ref))}: file ${where} (${file.content_type}, ${file.size} ${file.size === 1 ? 'byte' : 'bytes'}, sha256 ${file.sha256})`;
}

function earlierAttempts(request: StageRequest, material: PromptMaterial): string | null {
  if (request.attempt === 1) return null;
  return paragraphs(
    '## Earlier attempts',
    `There ${request.attempt === 2 ? 'was an attempt' : 'were attempts'} before this one, whose conversation you do not see. ${request.attempt === 2 ? 'It' : 'They'} may have changed the workspace: look before you do a thing twice.`,
    leftovers(request, material),
  );
}

/** For whoever takes over. */
function agentsThatGaveUp({ gaveUp }: StageRequest): string | null {
  if (gaveUp.length === 0) return null;
  const lines = gaveUp.map(({ agent, attempt, error, failure_kind: kind }) => {
    const when = attempt === 0 ? 'before its first attempt' : `after attempt ${attempt}`;
    return `${code(oneLine(agent))}, ${when}${kind === null ? '' : ` (${code(kind)})`}: ${oneLine(error)}`;
  });
  return paragraphs(
    '## Agents before you',
    `You take over from ${gaveUp.length === 1 ? 'another agent that' : 'other agents that'} gave up. What was changed so far is as it was left. Why:`,
    bullets(lines),
  );
}

function leftovers(request: StageRequest, { leftBehind }: PromptMaterial): string | null {
  const from = request.previousAttemptDir;
  if (from === null || leftBehind.length === 0) return null;
  const files = leftBehind.map((file) => path.join(from, ...file.split('/')));
  return `Left by the previous attempt, and to be copied where it still holds:\n\n${bullets(files)}`;
}

function failureSection(request: StageRequest): string | null {
  const failure = request.previousFailure;
  if (failure === null) return null;
  const kind = failure.kind === null ? '' : ` (\`${failure.kind}\`)`;
  return paragraphs(
    '## The previous attempt failed',
    `The reason${kind}:\n\n${fenced(failure.summary)}`,
    isOutage(failure.kind)
      ? 'That was not your doing: look at what is done already, and go on from there.'
      : 'Mend what caused this, and finish the task.',
  );
}

/** Failures of the surroundings: there is nothing in the work to mend. */
function isOutage(kind: FailureKind | null): boolean {
  return (
    kind !== null &&
    (kind.startsWith('external_') ||
      ['interrupted', 'session_lost', 'runner_invocation'].includes(kind))
  );
}

function openDecisions(request: StageRequest): string | null {
  const open = decisionsToAsk(request);
  if (open.length === 0) return null;
  const commands = open
    .map((decision) => decisionCommand(request, decision))
    .filter((command) => command !== null)
    .map((command) => fenced(command, 'sh'));
  const names = open.map((decision) => {
    const description = decision.description === '' ? '' : `: ${oneLine(decision.description)}`;
    return `\`${decision.decision_kind}\`${description}`;
  });
  return paragraphs('## Decisions still to be asked for', bullets(names), ...commands);
}

function grant(request: StageRequest): string | null {
  const granted = request.loop?.newlyGranted ?? 0;
  if (granted === 0) return null;
  return paragraphs(
    '## More iterations',
    `The operator granted this loop ${granted} more ${granted === 1 ? 'iteration' : 'iterations'}. Decide again, and write the result anew.`,
    loopBudget(request),
  );
}

function references(request: StageRequest, all: readonly PromptPart[]): string | null {
  const lines = all
    .filter((part) => part.kind !== 'text')
    .map((part) => referenceLine(request, part));
  return lines.length === 0 ? null : paragraphs('## References, as they are now', ...lines);
}

/** The one thing that changes with every attempt: files left in an older directory do not count. */
function newPlaces(request: StageRequest, material: PromptMaterial): string {
  const { attemptDir, task } = request;
  const wanted = new Set(task.publish);
  if (request.resultCalledFor) wanted.add('result.json');
  const files = [...wanted].map((file) => path.join(attemptDir, ...file.split('/')));
  return paragraphs(
    '## New places',
    `This attempt has a directory of its own: ${attemptDir}\nFiles in the old one no longer count. Commands for questions, with the new paths: ${helpFile(request)}`,
    files.length === 0 ? null : `Hand in:\n\n${bullets(files)}`,
    task.publish.includes('final.md') && material.schema?.bindsFinalMessage !== true
      ? 'If you do not write `final.md`, your final message becomes it.'
      : null,
    leftovers(request, material),
  );
}
