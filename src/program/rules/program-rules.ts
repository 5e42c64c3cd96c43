/**
 * What must hold between the parts of a program: section 3 of the contract, as far as it can be said
 * without looking at the disk. Pure: model in, findings out.
 */
import { itemInputsOf } from '../../model/item-inputs.ts';
import { decidesByRules } from '../../model/program.ts';
import { regionsOf } from '../../model/regions.ts';
import { checkAgents, checkRoleAgent, checkTaskAgent } from './agents.ts';
import { checkBudgets } from './budgets.ts';
import { checkControl, checkTargetOwners } from './control.ts';
import { checkDependencies, checkPublish } from './dependencies.ts';
import { checkEdition } from './edition.ts';
import { checkFallbackAgents } from './fallback-agents.ts';
import { findCycles } from './graph.ts';
import { checkItems } from './items.ts';
import { checkChecks } from './checks.ts';
import { checkLocks } from './locks.ts';
import { checkMachines } from './machines.ts';
import { checkNotify } from './notify.ts';
import { checkPaths, checkProjectPaths } from './paths.ts';
import { checkConditions } from './conditions.ts';
import { checkReferences } from './references.ts';
import { checkRegions } from './regions.ts';
import { checkRoles } from './roles.ts';
import { treeOf } from '../../model/trees.ts';
import { checkTrees, tasksInLoops } from './trees.ts';
import type { Add, ProgramModel, RuleFinding } from './finding.ts';

export function checkProgramRules(model: ProgramModel): RuleFinding[] {
  const findings: RuleFinding[] = [];
  const addTo =
    (subject: string): Add =>
    (severity, code, path, message, hint = null) =>
      findings.push({ severity, code, message, subject, path, hint });
  const byId = new Map(model.tasks.map((task) => [task.id, task]));
  if (!model.isProjectUnreadable) checkEdition(model.project, addTo('project'));
  checkAgents(model.project, addTo('project'));
  checkProjectPaths(model.project, addTo('project'));
  const inLoops = tasksInLoops(model.tasks);
  const regions = regionsOf(model.tasks);
  checkRegions(model.tasks, regions, addTo);
  const hasTree = (id: string): boolean => {
    const task = byId.get(id);
    // Of a task that is not there, that is what is said.
    return model.isProjectUnreadable || !task || treeOf(model.project, task) !== null;
  };
  for (const task of model.tasks) {
    const add = addTo(`tasks.${task.id}`);
    checkDependencies(task, byId, model, add);
    checkReferences(task, hasTree, add);
    checkConditions(task, byId, add);
    checkPublish(task, add);
    if (!model.isProjectUnreadable && !decidesByRules(task)) {
      checkTaskAgent(task, model.project, add);
    }
    checkPaths(task, model.project, add);
    checkTrees(
      task,
      model.project,
      inLoops,
      itemInputsOf(regions.stacks.get(task.id) ?? [], byId),
      add,
    );
    checkItems(task, model.project, regions, byId, add);
    checkRoles(task, model, add);
    checkControl(task, byId, model, add);
  }
  for (const role of model.roles) {
    if (!model.isProjectUnreadable) checkRoleAgent(role, model.project, addTo(`roles.${role.id}`));
  }
  checkTargetOwners(model.tasks, addTo);
  checkNotify(model.project, addTo('project'));
  checkLocks(model.project, model.tasks, addTo);
  if (!model.isProjectUnreadable) checkMachines(model.project, model.tasks, addTo);
  if (!model.isProjectUnreadable) checkBudgets(model.project, model.tasks, addTo);
  checkChecks(model.project, model.tasks, addTo);
  checkFallbackAgents(model.project, model.tasks, addTo);
  for (const cycle of findCycles(model.tasks)) {
    const [first = '', second = first] = cycle;
    const index = byId.get(first)?.depends_on.findIndex((dep) => dep.task === second) ?? 0;
    addTo(`tasks.${first}`)(
      'error',
      'task.cycle',
      ['depends_on', Math.max(index, 0), 'task'],
      `the tasks depend on each other in a circle: ${[...cycle, first].join(' -> ')} (each depends on the next)`,
      'A task that is to run again belongs into a loop: see control.continue_targets.',
    );
  }
  return findings;
}
