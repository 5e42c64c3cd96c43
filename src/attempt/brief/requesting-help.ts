/** `context/interrupt/requesting-help.md`: whom this worker may ask, when, and by which commands. */
import path from 'node:path';
import {
  askCommand,
  assistantCommand,
  decisionAudience,
  decisionCommand,
  isAskedFor,
  questionFile,
} from './help-commands.ts';
import { bullets, codeList, fenced, oneLine, paragraphs } from '../../text/markdown.ts';
import type { AskableRole, StageRequest } from './stage-request.ts';
import { shellWord } from '../../text/shell-word.ts';

/** The whole file, for one attempt. */
export function requestingHelp(request: StageRequest): string {
  const { task } = request;
  const mayAsk = request.allowHuman || request.roles.length > 0;
  return `${paragraphs(
    `# Requesting help: task \`${task.id}\`, attempt ${request.attempt}`,
    mayAsk
      ? null
      : 'This task may ask nobody: neither an assistant nor a human. Decide yourself, and write down in what you hand in what you assumed.',
    mayAsk ? whenToAsk(request) : null,
    mayAsk ? whomToAsk(request) : null,
    mayAsk ? howToAsk(request) : null,
    mayAsk ? afterAsking(request) : null,
    mayAsk ? details(request) : null,
  )}\n`;
}

function whenToAsk(request: StageRequest): string {
  const { task } = request;
  const decisions = task.required_decisions.map((decision) => {
    const audience = decisionAudience(request, decision) ?? decision.audience;
    const asked = isAskedFor(request, decision) ? ' (asked already)' : '';
    const description = decision.description === '' ? '' : `: ${oneLine(decision.description)}`;
    return `\`${decision.decision_kind}\`, from ${whom(audience)}${description}${asked}`;
  });
  return paragraphs(
    '## When to ask',
    decisions.length === 0
      ? null
      : `Always, with a blocking question; without it the task fails:\n\n${bullets(decisions)}`,
    task.assistant_hints.ask_when.length === 0
      ? null
      : `When one of these is the case:\n\n${bullets(task.assistant_hints.ask_when.map(oneLine))}`,
    `${decisions.length + task.assistant_hints.ask_when.length > 0 ? 'Otherwise only' : 'Only'} when the answer changes what you do and you cannot find it in the workspace or in the files you were given. One question per decision; say what you know, what you suggest, and what depends on it.`,
  );
}

function whomToAsk(request: StageRequest): string {
  const { roles, allowHuman } = request;
  return paragraphs(
    '## Whom to ask',
    roles.length === 0
      ? 'There is no assistant role that this task may ask.'
      : bullets(roles.map(roleLine)),
    allowHuman
      ? 'A human (`--audience human`) may be asked. That can take long: ask where a person must decide.'
      : 'A human may not be asked in this task: `--audience human` is refused.',
  );
}

function roleLine(role: AskableRole): string {
  const purpose = oneLine(role.description) === '' ? '' : `: ${oneLine(role.description)}`;
  const kinds = role.request_kinds.length === 0 ? '' : ` Answers ${codeList(role.request_kinds)}.`;
  const decisions =
    role.decision_kinds.length === 0 ? '' : ` Decides ${codeList(role.decision_kinds)}.`;
  return `\`${role.id}\` (${oneLine(role.title)})${purpose}${purpose === '' || /[.!?]$/.test(purpose) ? '' : '.'}${kinds}${decisions}`;
}

function howToAsk(request: StageRequest): string {
  const blocks: string[] = [];
  const shown = new Set<string>();
  const add = (title: string, command: string): void => {
    if (shown.has(command)) return;
    shown.add(command);
    blocks.push(`${title}\n\n${fenced(command, 'sh')}`);
  };
  for (const decision of request.task.required_decisions) {
    const command = decisionCommand(request, decision);
    if (command !== null) add(`The required decision \`${decision.decision_kind}\`:`, command);
  }
  if (request.roles.length > 0) {
    add('An assistant role:', assistantCommand(request));
    const recommend = `${shellWord(request.commandPath)} interrupt recommend --audience assistant --kind question --decision-kind scope`;
    add('Which role fits a question, if you are not sure:', recommend);
  }
  if (request.allowHuman) {
    const approval = {
      audience: 'human',
      kind: 'approval',
      decisionKind: 'review',
      role: null,
      options: ['approve', 'request changes'],
      blocking: true,
    } as const;
    add('A human, with answers to choose from:', askCommand(request, approval));
    const aside = { ...approval, kind: 'question', decisionKind: null, options: [] } as const;
    add(
      'A human, with an open question that does not hold you up:',
      askCommand(request, { ...aside, blocking: false }),
    );
  }
  return paragraphs(
    '## How to ask',
    `Write the question into ${questionFile(request)}, then run one of these. Each prints the id of the question.`,
    ...blocks,
  );
}

function afterAsking(request: StageRequest): string {
  const { backend } = request;
  const blocking = backend.hasSession
    ? 'After a blocking question (`--blocking`), end your turn at once: say in one line what you asked, and do nothing else. You are called again in this same session, with the answer. Do not wait, poll, or go on with a guess.'
    : 'After a blocking question (`--blocking`), exit. The task runs again from its start as soon as the answer is there, and finds it in its prompt.';
  const message =
    backend.takesOutputSchema && request.task.result_schema !== null
      ? 'The final message of a turn that ends with a blocking question is not read as the result: any value of the right form will do.'
      : null;
  return paragraphs(
    '## What happens then',
    blocking,
    message,
    'A non-blocking question (`--non-blocking`) lets you go on: use it where you can work with an assumption. Its answer is given to you if there is a later attempt; the task may finish without it.',
  );
}

function details(request: StageRequest): string {
  const { run, instance, task } = request;
  const identity = [
    `--program-dir ${shellWord(run.programDir)}`,
    `--run-id ${run.runId}`,
    `--instance-id ${instance.instance_id}`,
    `--task-id ${task.id}`,
  ].join(' ');
  return paragraphs(
    '## Good to know',
    bullets([
      '`--kind`: `question`, `clarification`, `approval` or `control_request`. `--decision-kind`: `policy`, `scope`, `naming`, `sequencing`, `recovery` or `review`. `--priority`: `low`, `normal` or `high`.',
      '`--option "…"`, once for each: answers to choose from. `--question "…"` instead of `--question-file` for a short one.',
      `\`--artifact PATH\`: a file the answerer should see, relative to the program directory ${run.programDir}. Your attempt directory there is \`${path.relative(run.programDir, request.attemptDir)}\`.`,
      '`--reply-schema PATH`: a JSON Schema of the program, relative to it, that the answer must match.',
      `The commands know your task from the \`CODEX_ORCH_*\` variables. Where a shell has lost them, add: \`${identity}\``,
    ]),
  );
}

function whom(audience: 'human' | 'assistant' | 'any'): string {
  switch (audience) {
    case 'human':
      return 'a human';
    case 'assistant':
      return 'an assistant role';
    case 'any':
      return 'a human or an assistant role';
  }
}
