/** The programs of commands: on PATH, or where they are said to be, and such that they start. Only troubles are told. */
import type { AgentUse, Backend, Machine, Place } from '../backend.ts';
import { problem, type Finding } from '../finding.ts';
import { environmentSpec, passedOn } from '../profile.ts';

/** A program relative to a workspace is looked at when a run starts: its task may not be the first that runs. */
export function commandDoctor(
  uses: readonly AgentUse[] | null,
  { env, config }: Machine,
  { settings, obstacle }: Pick<Backend, 'settings' | 'obstacle'>,
): Finding[] {
  const troubles = new Map<string, Finding>();
  const elsewhere: Place = { cwd: null, programDir: '/', sandbox: 'danger-full-access' };
  for (const use of uses ?? []) {
    const { set, pass } = environmentSpec(use.agent);
    const own = { ...passedOn(env, pass), ...set };
    const trouble = obstacle(settings(use, config).settings, own, elsewhere);
    if (trouble === null) continue;
    const remedy = trouble.hint ?? 'Correct it, or name another in project.yaml.';
    troubles.set(trouble.message, problem('command.program', 'error', trouble.message, remedy));
  }
  return [...troubles.values()];
}
