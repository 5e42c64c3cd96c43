/** Conditions, dependencies that may be missing, and controllers that decide by rules. Pure. */
import { decidesByRules, scopeName, type ControlSpec, type TaskSpec } from '../../model/program.ts';
import { parseReference } from '../../model/references.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { Add } from './finding.ts';
import { ancestorsOf } from './graph.ts';
import { referencesOf } from './references.ts';

export function checkConditions(
  task: TaskSpec,
  byId: ReadonlyMap<string, TaskSpec>,
  add: Add,
): void {
  checkOptional(task, byId, add);
  checkOfDeciders(task, byId, add);
  if (decidesByRules(task) && task.control !== null) checkDecider(task, task.control, byId, add);
}

/** Only a condition can leave a dependency out. */
function checkOptional(task: TaskSpec, byId: ReadonlyMap<string, TaskSpec>, add: Add): void {
  for (const [index, dependency] of task.depends_on.entries()) {
    const upstream = byId.get(dependency.task);
    if (dependency.optional !== true || upstream === undefined) continue;
    if (dependency.gather !== undefined) {
      const message = '"optional" has no effect with "gather", for which skipped is settled';
      const path = ['depends_on', index, 'optional'];
      add('warning', 'task.optional_without_effect', path, message, 'Remove it.');
      continue;
    }
    if (upstream.when !== undefined) continue;
    add(
      'warning',
      'task.optional_without_condition',
      ['depends_on', index, 'optional'],
      `"${dependency.task}" has no "when": no condition can skip it`,
      'Write the condition into that task, or remove "optional".',
    );
  }
}

/** A controller that decides by rules leaves neither a result nor files. */
function checkOfDeciders(task: TaskSpec, byId: ReadonlyMap<string, TaskSpec>, add: Add): void {
  const decider = (id: string | undefined): boolean => {
    const upstream = id === undefined ? undefined : byId.get(id);
    return upstream !== undefined && decidesByRules(upstream);
  };
  for (const [index, { task: id, consume }] of task.depends_on.entries()) {
    if (!decider(id) || consume.length === 0) continue;
    add(
      'error',
      'task.consumes_decision',
      ['depends_on', index, 'consume'],
      `"${id}" decides by rules: it publishes nothing`,
      'Make it "kind: order".',
    );
  }
  const scopes = new Map(task.depends_on.map((each) => [scopeName(each), each.task]));
  for (const { ref, path } of referencesOf(task)) {
    const parsed = parseReference(ref, scopes.keys());
    if (!parsed.ok || parsed.reference.kind !== 'dep_result') continue;
    const id = scopes.get(parsed.reference.scope);
    if (!decider(id)) continue;
    add(
      'error',
      'task.result_of_decision',
      path,
      `"${id}" decides by rules: it leaves no result`,
      'Refer to the tasks whose results it looks at.',
    );
  }
}

/** Whether a loop goes round without anything that is run: then nothing but a bound ends it. */
function isIdle({ id, control }: TaskSpec, byId: ReadonlyMap<string, TaskSpec>): boolean {
  if (control?.mode !== 'loop' || control.max_iterations !== null) return false;
  const above = ancestorsOf(id, byId);
  const round = new Set(control.continue_targets.filter((target) => above.has(target)));
  for (const next of round) {
    for (const other of byId.values()) {
      if (!above.has(other.id)) continue;
      if (other.depends_on.some(({ task }) => task === next)) round.add(other.id);
    }
  }
  return round.size > 0 && [...round].every((one) => decidesByRules(byId.get(one)!));
}

function checkDecider(
  task: TaskSpec,
  control: ControlSpec,
  byId: ReadonlyMap<string, TaskSpec>,
  add: Add,
): void {
  const rules = control.decide ?? [];
  if (isIdle(task, byId)) {
    const message = 'nothing is run in this loop, so that it could go round for ever';
    add('error', 'control.endless', ['control', 'decide'], message, 'Set "max_iterations".');
  }
  for (const [index, rule] of rules.entries()) {
    const at = ['control', 'decide', index];
    if (rule.when === undefined && index < rules.length - 1) {
      const message = 'the rules behind one without "when" are never looked at';
      add('error', 'control.unreachable_rule', at, message, 'Put it last.');
    }
    if ('labels' in rule) {
      const known = control.mode === 'route' ? control.routes.map(({ label }) => label) : [];
      for (const [position, label] of rule.labels.entries()) {
        if (known.includes(label)) continue;
        const message = `"${label}" is no route of this controller`;
        const hint = didYouMean(label, known) ?? `Declared: ${known.join(', ')}.`;
        add('error', 'control.unknown_label', [...at, 'labels', position], message, hint);
      }
      continue;
    }
    const count = Object.keys(rule.next_inputs ?? {}).length;
    if (rule.action === 'stop' && count > 0) {
      const message = '"stop" takes no "next_inputs"';
      add('error', 'control.stop_with_inputs', [...at, 'next_inputs'], message);
    }
    if (rule.action === 'continue' && count === 0) {
      const message = '"continue" needs at least one input in "next_inputs"';
      const hint =
        'Write, for example, next_inputs: {feedback: {ref: deps.review.result.feedback}}';
      add('error', 'control.continue_without_inputs', at, message, hint);
    }
  }
  for (const field of ['compose', 'required_decisions'] as const) {
    if (task[field].length === 0) continue;
    const message = `"${field}" is ignored: the controller decides by rules, and nobody is asked`;
    add('warning', 'control.ignored_field', [field], message);
  }
  for (const field of ['run', 'result_schema'] as const) {
    if (task[field] === null) continue;
    const message = `"${field}" is ignored: the controller decides by rules, and nothing is run`;
    add('warning', 'control.ignored_field', [field], message);
  }
}
