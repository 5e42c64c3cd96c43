/** Who asks: an instance, by the options or by the environment that workers find. */
import path from 'node:path';
import type { AskerNames } from '../../app/inbox/asking-task.ts';
import { Refusal } from '../../model/refusal.ts';
import type { CliContext } from '../context.ts';
import { text, type ValuesOf, type Word } from '../command.ts';
import { defaultProgram } from '../program-argument.ts';

/** At most a program, which mostly the environment names. */
export const ASKER: Word<string[]> = { name: 'words', kind: 'dir', isRest: true };

/** For shells that have lost the environment. */
export const askerOptions = {
  programDir: text('--program-dir <dir>', 'the program (CODEX_ORCH_PROGRAM_DIR)', { kind: 'dir' }),
  runId: text('--run-id <run>', 'the run (CODEX_ORCH_RUN_ID)', { kind: 'run' }),
  instanceId: text('--instance-id <id>', 'the instance (CODEX_ORCH_INSTANCE_ID)', {
    kind: 'instance',
  }),
  taskId: text('--task-id <id>', 'its task (CODEX_ORCH_TASK_ID)', { kind: 'task' }),
};

/**
 * Options win over the environment. The environment's program wins over the current directory, which
 * may be another program: a worker stands in its workspace. What the environment says of the task
 * counts only for its own instance.
 */
export function askerNames(
  words: readonly string[],
  options: ValuesOf<typeof askerOptions>,
  context: CliContext,
): AskerNames {
  const [word, ...more] = words;
  if (more.length > 0 || (word !== undefined && options.programDir !== null)) {
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
    (options.taskId === null || options.runId === null
      ? variable('CODEX_ORCH_INSTANCE_ID')
      : undefined);
  const task =
    options.taskId ?? (options.instanceId === null ? variable('CODEX_ORCH_TASK_ID') : undefined);
  return { programDir, run, instance: instance ?? null, task: task ?? null };
}

export function unnamed(what: string, option: string, variable: string): Refusal {
  return new Refusal('asker-missing', `which ${what}? The environment does not say`, {
    hint: `give ${option}, or set ${variable} (workers find it set)`,
  });
}
