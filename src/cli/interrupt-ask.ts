/** `interrupt create` and `interrupt recommend`: what workers call. Start-up time counts here. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AskerNames } from '../app/inbox/asking-task.ts';
import type { JsonObject } from '../model/json.ts';
import type { DecisionKind, Priority, RequestKind } from '../model/program.ts';
import { Refusal } from '../model/refusal.ts';
import type { CliContext } from './context.ts';
import { defaultProgram } from './program-argument.ts';

interface AskerOptions {
  programDir?: string;
  runId?: string;
  instanceId?: string;
  taskId?: string;
}

export interface CreateOptions extends AskerOptions {
  audience: 'assistant' | 'human';
  kind: RequestKind;
  decisionKind?: DecisionKind;
  question?: string;
  questionFile?: string;
  targetRole?: string;
  option?: string[];
  artifact?: string[];
  replySchema?: string;
  priority: Priority;
  blocking?: boolean;
  nonBlocking?: boolean;
  metadata?: string[];
  json?: boolean;
}

export interface RecommendOptions extends AskerOptions {
  audience: 'assistant' | 'human';
  kind?: RequestKind;
  decisionKind?: DecisionKind;
  json?: boolean;
}

export async function create(
  words: string[],
  options: CreateOptions,
  context: CliContext,
): Promise<void> {
  const names = askerNames(words, options, context);
  const { instance } = names;
  if (instance === null) throw unnamed('instance', '--instance-id', 'CODEX_ORCH_INSTANCE_ID');
  if (options.blocking === true && options.nonBlocking === true) {
    throw new Refusal('bad-option', '--blocking and --non-blocking exclude each other', {
      hint: '--blocking waits for the answer, --non-blocking goes on without it',
    });
  }
  const { createInterrupt } = await import('../app/inbox/create.ts');
  const { interrupt, warnings } = await createInterrupt(
    context,
    { ...names, instance },
    {
      audience: options.audience,
      blocking: options.nonBlocking !== true,
      requestKind: options.kind,
      decisionKind: options.decisionKind ?? null,
      text: await questionText(options, context),
      options: options.option ?? [],
      artifacts: options.artifact ?? [],
      replySchema: options.replySchema ?? null,
      priority: options.priority,
      targetRole: options.targetRole ?? null,
      metadata: metadataOf(options.metadata ?? []),
    },
  );
  for (const warning of warnings) context.stderr.line(`warning: ${warning}`);
  context.stdout.line(
    options.json === true ? JSON.stringify(interrupt, null, 2) : interrupt.interrupt_id,
  );
}

export async function recommend(
  words: string[],
  options: RecommendOptions,
  context: CliContext,
): Promise<void> {
  const names = askerNames(words, options, context);
  if (names.instance === null && names.task === null) {
    throw unnamed('task', '--task-id', 'CODEX_ORCH_TASK_ID');
  }
  if (options.kind === undefined && options.audience === 'assistant') {
    throw new Refusal('kind-missing', 'say what is asked for: --kind', {
      hint: 'question, clarification, approval or control_request',
    });
  }
  const { recommendWhomToAsk } = await import('../app/inbox/recommend-role.ts');
  const recommendation = await recommendWhomToAsk(names, {
    audience: options.audience,
    requestKind: options.kind ?? 'question',
    decisionKind: options.decisionKind ?? null,
  });
  if (options.json === true) {
    return context.stdout.line(JSON.stringify(recommendation, null, 2));
  }
  const { printYaml } = await import('./program-edits.ts');
  printYaml({ ...recommendation }, context);
}

/**
 * Options win over the environment. The environment's program wins over the current directory, which
 * may be another program: a worker stands in its workspace. What the environment says of the task
 * counts only for its own instance.
 */
function askerNames(words: string[], options: AskerOptions, context: CliContext): AskerNames {
  const [word, ...more] = words;
  if (more.length > 0 || (word !== undefined && options.programDir !== undefined)) {
    throw new Refusal('unexpected-argument', `unexpected arguments: ${words.join(' ')}`, {
      hint: 'several words for --option, --artifact or --metadata come after the option itself',
    });
  }
  const variable = (name: string): string | undefined => context.env[name] || undefined;
  const named = options.programDir ?? word ?? variable('CODEX_ORCH_PROGRAM_DIR');
  const programDir =
    named === undefined ? defaultProgram(context) : path.resolve(context.cwd, named);
  if (programDir === null) throw unnamed('program', '--program-dir', 'CODEX_ORCH_PROGRAM_DIR');
  const run = options.runId ?? variable('CODEX_ORCH_RUN_ID');
  if (run === undefined) throw unnamed('run', '--run-id', 'CODEX_ORCH_RUN_ID');
  const instance =
    options.instanceId ??
    (options.taskId === undefined || options.runId === undefined
      ? variable('CODEX_ORCH_INSTANCE_ID')
      : undefined);
  const task =
    options.taskId ??
    (options.instanceId === undefined ? variable('CODEX_ORCH_TASK_ID') : undefined);
  return { programDir, run, instance: instance ?? null, task: task ?? null };
}

async function questionText(options: CreateOptions, context: CliContext): Promise<string> {
  const { question, questionFile: file } = options;
  if (question !== undefined && file !== undefined) {
    throw new Refusal('bad-option', '--question and --question-file exclude each other');
  }
  if (question !== undefined) return question;
  if (file === undefined) {
    throw new Refusal('question-missing', 'there is no question', {
      hint: 'say what you need to know: --question TEXT or --question-file FILE',
    });
  }
  if (file === '-') {
    const { readGivenFile } = await import('./program-edits.ts');
    return readGivenFile(file, context);
  }
  try {
    return readFileSync(path.resolve(context.cwd, file), 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new Refusal('file-unreadable', `cannot read ${file}: ${(error as Error).message}`, {
      hint: 'write the question into that file first, or give it with --question',
    });
  }
}

function metadataOf(pairs: string[]): JsonObject {
  const metadata: JsonObject = {};
  for (const pair of pairs) {
    const split = pair.indexOf('=');
    if (split <= 0) {
      throw new Refusal('bad-metadata', `--metadata takes key=value, not "${pair}"`);
    }
    metadata[pair.slice(0, split)] = pair.slice(split + 1);
  }
  return metadata;
}

function unnamed(what: string, option: string, variable: string): Refusal {
  return new Refusal('asker-missing', `which ${what}? The environment does not say`, {
    hint: `give ${option}, or set ${variable} (workers find it set)`,
  });
}
