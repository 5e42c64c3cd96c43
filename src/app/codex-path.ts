import { resolveAgent } from '../core/agents.ts';
import type { ProjectSpec, TaskSpec } from '../core/program.ts';
import { Refusal } from '../core/refusal.ts';
import { globalRootFrom, loadGlobalConfig } from '../program/global-config.ts';

/**
 * `codex.path` of config.toml, or null. A file that cannot be read is refused where one of the tasks runs
 * Codex: it would otherwise run another Codex than the one that was named.
 *
 * @throws Refusal `config-invalid`
 */
export async function codexPath(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  cwd: string,
): Promise<string | null> {
  const { config, file, diagnostics } = await loadGlobalConfig(globalRootFrom(process.env, cwd));
  const broken = diagnostics.find(({ severity }) => severity === 'error');
  const runsCodex = (task: TaskSpec): boolean =>
    resolveAgent(project, task.agent).backend === 'codex';
  if (broken && tasks.some(runsCodex)) {
    const place = broken.line === null ? file : `${file}:${broken.line}`;
    throw new Refusal('config-invalid', `${place}: ${broken.message}`, {
      hint: 'Correct the file; `codex-orch doctor` says when it is right.',
    });
  }
  return config.codex.path;
}
