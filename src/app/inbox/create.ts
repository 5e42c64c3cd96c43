/**
 * `interrupt create`: a worker's question. It runs inside the agent's sandbox (no network, and only the
 * attempt's directory can be written to) and begins every wait of a run, so it reads little and writes one
 * file: into the attempt's `questions/`, or for whoever is no worker into the inbox. The engine receives
 * that; where none lives, this does.
 */
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import { stringifyJson, type Json, type JsonObject } from '../../model/json.ts';
import type { DecisionKind, Priority, RequestKind } from '../../model/program.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { handOffKeys, type InstanceInterrupt } from '../../model/run.ts';
import { resolveInside } from '../../disk/inside.ts';
import { readTextBelow } from '../../disk/read-text.ts';
import { MESSAGE_LIMITS } from '../../disk/foreign-json.ts';
import { realPathOf } from '../../disk/real-path.ts';
import { dropInterrupt, dropQuestion } from '../../store/inbox/drop.ts';
import { unsettledAttempts, type RunPaths } from '../../store/layout.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import { withoutSecrets } from '../../text/redact.ts';
import type { World } from '../world.ts';
import { findAsker, type Asker, type AskerNames } from './asking-task.ts';

export interface Question {
  audience: 'assistant' | 'human';
  blocking: boolean;
  requestKind: RequestKind;
  decisionKind: DecisionKind | null;
  text: string;
  options: readonly string[];
  /** Relative to the program, or absolute inside it. */
  artifacts: readonly string[];
  /** As `artifacts`. */
  replySchema: string | null;
  priority: Priority;
  targetRole: string | null;
  metadata: JsonObject;
}

export interface CreatedInterrupt {
  interrupt: InstanceInterrupt;
  /** What the asker should know: that nobody will get the answer, say. */
  warnings: string[];
}

/**
 * Leaves the question for the run.
 * @throws Refusal as `findAsker`; `human-not-allowed`, `role-…`, `no-role`, `outside-program`,
 * `file-not-found`, `schema-…`, `question-missing`, `metadata-reserved`, `question-too-large`, `run-over`, and as `dropInterrupt`
 */
export async function createInterrupt(
  world: World,
  names: AskerNames & { instance: string },
  given: Question,
): Promise<CreatedInterrupt> {
  const shown = <T extends Json>(value: T): T => withoutSecrets(value, world.env);
  const question = {
    ...given,
    ...{
      text: shown(given.text),
      options: given.options.map(shown),
      metadata: shown(given.metadata),
    },
  };
  const asker = await findAsker(names, world.env);
  const { paths, task, instance, elsewhere } = asker;
  if (!instance) throw new Error('no instance is named');
  if (question.text.trim() === '') {
    throw new Refusal('question-missing', 'the question is empty', {
      hint: 'say what you need to know: --question TEXT or --question-file FILE',
    });
  }
  const reserved = handOffKeys.find((key) => Object.hasOwn(question.metadata, key));
  if (reserved !== undefined) {
    throw new Refusal('metadata-reserved', `"${reserved}" is what an assistant says, not you`, {
      hint: 'give the metadata another name',
    });
  }
  const artifacts = question.artifacts.map((file) => programFile(asker, 'artifact', file));
  const replySchema = await checkedSchema(asker, question.replySchema);
  const target = await targetOf(asker, question);
  const interrupt: InstanceInterrupt = {
    interrupt_id: '',
    run_id: paths.runId,
    instance_id: instance.instance_id,
    task_id: task.id,
    audience: question.audience,
    blocking: question.blocking,
    request_kind: question.requestKind,
    question: question.text,
    decision_kind: question.decisionKind,
    options: [...question.options],
    context_artifacts: artifacts,
    reply_schema: replySchema,
    priority: question.priority,
    ...target,
    metadata: question.metadata,
    status: 'open',
    created_at: world.clock.now(),
    resolved_at: null,
    applied_at: null,
  };
  if (Buffer.byteLength(stringifyJson(interrupt)) > MESSAGE_LIMITS.maxBytes / 2) {
    throw new Refusal('question-too-large', 'the question is larger than 2 MiB', {
      hint: 'put the material into a file and name it with --artifact',
    });
  }
  const over = ['done', 'failed', 'skipped'].includes(instance.status);
  if (over) await refuseWhenRunIsOver(paths, interrupt);
  const own = elsewhere === null ? askingAttempt(world.env, paths, instance.instance_id) : null;
  do interrupt.interrupt_id = `int-${randomBytes(6).toString('hex')}`;
  while (
    elsewhere === null
      ? !leave(paths, interrupt, own)
      : dropQuestion(elsewhere.questionsDir, interrupt) === null
  );
  if (elsewhere === null && currentHolder(paths) === null) await receiveWithoutEngine(world, paths);
  const warnings = over
    ? [`instance ${instance.instance_id} is ${instance.status}: the answer may reach no one`]
    : [];
  return { interrupt, warnings };
}

/** The log tells, which is read only where it may be so: a worker's own instance is at work. */
async function refuseWhenRunIsOver(paths: RunPaths, interrupt: InstanceInterrupt): Promise<void> {
  const [{ refuseWhenOver }, { viewRun }] = await Promise.all([
    import('../../core/requests/ask.ts'),
    import('../../store/directory/view.ts'),
  ]);
  const decision = refuseWhenOver(viewRun(paths).state, interrupt);
  if (decision === null || decision.ok) return;
  throw new Refusal(decision.code, decision.reason, {
    hint: `codex-orch run show ${paths.authoredDir} ${paths.runId}`,
  });
}

/**
 * The attempt of that instance that this process is part of; null for a person, or where a shell has lost its
 * environment.
 */
function askingAttempt(env: World['env'], paths: RunPaths, instanceId: string): number | null {
  const directory = env['CODEX_ORCH_QUESTIONS_DIR'];
  if (!directory) return null;
  const attempt = Number(path.basename(path.dirname(directory)));
  if (!Number.isSafeInteger(attempt)) return null;
  const own = paths.questionsDir(instanceId, attempt);
  return realPathOf(path.dirname(directory)) === realPathOf(path.dirname(own)) ? attempt : null;
}

/** Leaves the question where whoever asks may write. False if its id is taken there. */
function leave(paths: RunPaths, interrupt: InstanceInterrupt, attempt: number | null): boolean {
  const questionsOf = (one: number): string => paths.questionsDir(interrupt.instance_id, one);
  if (attempt !== null) return dropQuestion(questionsOf(attempt), interrupt) !== null;
  try {
    return dropInterrupt(paths, interrupt);
  } catch (error) {
    // A worker in a sandbox whose shell has lost its environment: its own directory is open to it.
    const running = unsettledAttempts(paths).findLast(
      ({ owner }) => owner === interrupt.instance_id,
    );
    const isClosed = error instanceof Refusal && error.code === 'inbox-not-writable';
    if (!isClosed || !running) throw error;
    return dropQuestion(questionsOf(running.attempt), interrupt) !== null;
  }
}

/** A sandbox, or someone who takes the lock at this moment, leaves the question to the next engine. */
async function receiveWithoutEngine(world: World, paths: RunPaths): Promise<void> {
  const { receiveIfFree } = await import('../../engine/as-writer.ts');
  try {
    await receiveIfFree(world, paths, 'interrupt create');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

type TargetFields = Pick<
  InstanceInterrupt,
  | 'requested_target_role_id'
  | 'recommended_target_role_id'
  | 'resolved_target_role_id'
  | 'target_resolution_reason'
>;

async function targetOf(
  { paths, task, elsewhere }: Asker,
  question: Question,
): Promise<TargetFields> {
  if (question.audience === 'human') {
    if (question.targetRole !== null) {
      throw new Refusal('role-for-human', '--target-role goes with --audience assistant', {
        hint: 'leave one of the two out',
      });
    }
    if (!task.interaction_policy.allow_human) {
      throw new Refusal(
        'human-not-allowed',
        `task ${task.id} may not ask a human (interaction_policy.allow_human is false)`,
        { hint: 'ask an assistant role: --audience assistant; or decide, and write down why' },
      );
    }
    return {
      requested_target_role_id: null,
      recommended_target_role_id: null,
      resolved_target_role_id: null,
      target_resolution_reason: null,
    };
  }
  const [{ resolveTarget }, { readRoles }] = await Promise.all([
    import('../../core/requests/recommend.ts'),
    import('../assistants/program-roles.ts'),
  ]);
  const { roles, broken } =
    elsewhere === null
      ? await readRoles(paths.authoredDir)
      : { roles: elsewhere.roles, broken: new Map<string, string>() };
  const { requestKind, decisionKind, targetRole } = question;
  const result = resolveTarget({ task, roles, requestKind, decisionKind }, targetRole);
  if (result.ok) return result.target;
  const defect = targetRole === null ? undefined : broken.get(targetRole);
  if (defect !== undefined) {
    throw new Refusal('role-broken', `role ${targetRole} cannot be asked: ${defect}`, {
      hint: `codex-orch project validate ${paths.authoredDir}`,
    });
  }
  throw new Refusal(result.code, result.message, {
    hint: task.interaction_policy.allow_human
      ? 'name a role that the task may ask, or ask a human: --audience human'
      : 'name a role that the task may ask, or decide, and write down why',
  });
}

/** A file of the program, as a path relative to it. */
function programFile({ paths, elsewhere }: Asker, what: string, file: string): string {
  const relative = path.isAbsolute(file) ? path.relative(paths.authoredDir, file) : file;
  const normal = path.posix.normalize(relative.split(path.sep).join('/'));
  if (elsewhere?.files.includes(normal)) return normal;
  const inside = resolveInside(paths.authoredDir, normal);
  if (!inside.ok) {
    throw new Refusal('outside-program', `${what} "${file}": ${inside.reason}`, {
      hint: `${what}s are files of the program, named relative to ${paths.authoredDir}`,
    });
  }
  if (statSync(inside.path, { throwIfNoEntry: false })?.isFile() === true) return normal;
  throw new Refusal('file-not-found', `${what} "${file}" is no file of the program`, {
    hint: `paths are relative to ${paths.authoredDir}`,
    exit: ExitStatus.usage,
  });
}

/** One that no reply could ever fit would hold the run up for good. */
async function checkedSchema(asker: Asker, schema: string | null): Promise<string | null> {
  if (schema === null) return null;
  const { paths, elsewhere } = asker;
  const relative = programFile(asker, 'reply schema', schema);
  if (elsewhere !== null) return relative;
  const [{ loadSchema }, { schemaPlace }] = await Promise.all([
    import('../../schema/json-schema.ts'),
    import('../../engine/reply.ts'),
  ]);
  const { root } = schemaPlace(paths, relative);
  try {
    await loadSchema(root, relative);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const where = await placeOfFirstFault(root, error);
    throw new Refusal(error.code, `reply schema: ${where}${error.message}`, {
      hint:
        error.hint ?? 'correct it first: no reply could match it, and the run would wait for ever',
    });
  }
  return relative;
}

/** `schemas/choice.yaml:4:11: `; empty where the refusal is about no place of a file. */
async function placeOfFirstFault(root: string, refusal: Refusal): Promise<string> {
  const [{ faultsOf }, { placeOfFault }] = await Promise.all([
    import('../../schema/schema-faults.ts'),
    import('../../program/schema-place.ts'),
  ]);
  const [fault] = faultsOf(refusal);
  const read = fault === undefined ? null : readTextBelow(root, fault.file);
  const place = fault !== undefined && read?.ok === true ? placeOfFault(read.text, fault) : null;
  return place === null ? '' : `${fault?.file}:${place.line}:${place.column}: `;
}
