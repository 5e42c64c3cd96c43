/**
 * What stands against attempts on other machines as far as it hangs on the user's config.toml too: a start would refuse
 * it. Apart from the other rules, for no edit of the program is to blame alone.
 */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { LoadedProgram } from './load-program.ts';
import { executorOf, machinesOf, type MachineConfig } from './machine-settings.ts';
import { checkTasksFor, depotProblems } from './rules/machines.ts';
import type { Add } from './rules/finding.ts';
import { toDiagnostic } from './source/authored-file.ts';

export function machineFindings(program: LoadedProgram, config: MachineConfig): Diagnostic[] {
  const { project, tasks, programDir, unreadable, files } = program;
  if (unreadable.project) return [];
  const found: Diagnostic[] = [];
  const addTo =
    (subject: string): Add =>
    (severity, code, path, message, hint = null) => {
      const origin = files.get(subject);
      if (origin) found.push(toDiagnostic(origin, { severity, code, path, message, hint }));
    };
  const executor = executorOf(project, config);
  if (project.executor === undefined) checkTasksFor(executor, project, tasks, addTo);
  if (executor === 'local') return found;
  const { temporal, depot } = machinesOf(project, config, programDir);
  if (depot === null) {
    const message =
      'with "executor: temporal" files are handed over in a depot, and nobody names one';
    const hint =
      'Set "depot" here or in config.toml: a directory that all machines see, or an endpoint, "depot: {listen: 127.0.0.1:7300}".';
    addTo('project')('error', 'machines.no_depot', ['executor'], message, hint);
    return found;
  }
  // Of what one file says alone, that file is told; of two together, as they count.
  const isOfOne = (project.depot === undefined) === (project.temporal === undefined);
  if (isOfOne || depotProblems(depot, true).length > 0) return found;
  const isOwn = project.depot !== undefined;
  for (const { code, path, message, hint } of depotProblems(depot, temporal.insecure)) {
    const at = isOwn ? path : ['temporal'];
    addTo('project')('error', code, at, isOwn ? message : `${message}, by config.toml`, hint);
  }
  return found;
}
