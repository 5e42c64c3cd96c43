/** What `for_each` says by itself: the list, the names of its items, the bounds. Pure. */
import { indexInput, itemInputsAround, itemInputsOf } from '../../model/item-inputs.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Regions } from '../../model/regions.ts';
import type { ForEach, ProjectSpec, TaskSpec } from '../../model/program.ts';
import { keysOfItems } from '../../text/item-keys.ts';
import { kindOfValue } from '../../text/shown.ts';
import { inputAt, inputValue } from '../../text/value-at.ts';
import type { FileFinding } from '../source/authored-file.ts';
import type { Add, RuleFinding } from './finding.ts';
import { placesOfInputs } from './inputs.ts';

type ById = ReadonlyMap<string, TaskSpec>;

export function checkItems(
  task: TaskSpec,
  project: ProjectSpec,
  regions: Regions,
  byId: ById,
  add: Add,
): void {
  checkStrangers(task, project, regions, byId, add);
  checkHandedOn(task, regions, byId, add);
  const { for_each: forEach } = task;
  if (forEach === undefined) return;
  checkName(task, forEach, project, regions, byId, add);
  checkOwnItem(forEach, add);
  if (typeof forEach.items !== 'string') {
    for (const finding of problemsOfList(forEach.items, forEach)) {
      add(
        'error',
        finding.code,
        ['for_each', 'items', ...finding.at],
        finding.message,
        finding.hint,
      );
    }
  }
  const { max_parallel: most } = forEach;
  if (most !== null && most > project.max_concurrency) {
    const message = `no more than ${project.max_concurrency} attempts run at a time, by "max_concurrency" of project.yaml`;
    const hint = `Write ${project.max_concurrency} or less, or raise "max_concurrency".`;
    add('warning', 'for_each.max_parallel', ['for_each', 'max_parallel'], message, hint);
  }
}

export interface ListProblem {
  code: string;
  /** Behind the list. */
  at: RuleFinding['path'];
  message: string;
  hint: string;
}

/** What is wrong with a list that is known before a run. */
function problemsOfList(
  items: readonly Json[],
  { key, max_items: most }: Pick<ForEach, 'key' | 'max_items'>,
): ListProblem[] {
  const found: ListProblem[] = [];
  if (items.length > most) {
    const message = `the list has ${items.length} item${items.length === 1 ? '' : 's'}, and "max_items" is ${most}`;
    found.push({ code: 'for_each.too_many', at: [], message, hint: 'Raise "max_items".' });
  }
  for (const { index, reason } of keysOfItems(items, key === '' ? null : key).problems) {
    const message = `item ${index} (they count from 0) ${reason}`;
    const hint = 'A key is a text or a number, and no two are the same, nor differ by case alone.';
    found.push({ code: 'for_each.key', at: [index], message, hint });
  }
  return found;
}

/** What is wrong with the list of an input, by its default. A start may give another, so that what is missing is no mistake. */
export function defaultListProblems(
  { for_each: forEach }: Pick<TaskSpec, 'for_each'>,
  project: ProjectSpec,
  defaults: JsonObject,
): FileFinding[] {
  if (typeof forEach?.items !== 'string' || !forEach.items.startsWith('inputs.')) return [];
  const name = forEach.items.slice('inputs.'.length);
  const named = inputAt(name, (key) => Object.hasOwn(defaults, key));
  const found = inputValue(defaults, name);
  if (named === null || found?.ok !== true) return [];
  const file = project.user_inputs[named.key] ?? '';
  const finding = { severity: 'error', path: ['for_each', 'items'] } as const;
  const whole = `the default of the input (${file})`;
  if (!Array.isArray(found.value)) {
    const message = `${whole} is no list: "${forEach.items}" is ${kindOfValue(found.value)}`;
    const hint = 'A list in a file is JSON or YAML: [a, b], or a line "- a" for each.';
    return [{ ...finding, code: 'for_each.no_list', message, hint }];
  }
  return problemsOfList(found.value, forEach).map(({ code, message, hint }) => {
    return { ...finding, code, message: `${whole}: ${message}`, hint };
  });
}

/** The names of its inputs are its own: what had one of them would be out of sight, or hide it. */
function checkName(
  task: TaskSpec,
  { as }: ForEach,
  project: ProjectSpec,
  regions: Regions,
  byId: ById,
  add: Add,
): void {
  if (as === '') return;
  const around = itemInputsAround(regions, task, byId);
  const own = [as, indexInput(as)];
  const taken = [
    ...Object.keys(project.user_inputs).map((key) => ({
      key,
      by: '"user_inputs" of project.yaml',
    })),
    ...[...around].map(([key, { region }]) => ({ key, by: `the region of "${region}" around it` })),
  ].find(({ key }) => own.some((one) => key === one || key.startsWith(`${one}.`)));
  if (taken === undefined) return;
  const message = `the items cannot be called "${as}": ${taken.by} has the input "${taken.key}"`;
  add('error', 'for_each.input_taken', ['for_each', 'as'], message, 'Give them another name.');
}

/** The list cannot come from the item that it is to give. */
function checkOwnItem({ items, as }: ForEach, add: Add): void {
  if (typeof items !== 'string' || as === '') return;
  const named = [as, indexInput(as)].some(
    (key) => items === `inputs.${key}` || items.startsWith(`inputs.${key}.`),
  );
  if (!named) return;
  const message = `"${items}" is in each item of the list that it is to name`;
  add('error', 'for_each.own_item', ['for_each', 'items'], message, 'Name the whole list.');
}

/** Inputs that are there for the items of a region alone, named by a task outside of it. */
function checkStrangers(
  task: TaskSpec,
  project: ProjectSpec,
  regions: Regions,
  byId: ById,
  add: Add,
): void {
  if (regions.bodies.size === 0) return;
  const here = itemInputsOf(regions.stacks.get(task.id) ?? [], byId);
  const all = itemInputsOf([...regions.bodies.keys()], byId);
  for (const { name, path } of placesOfInputs(task)) {
    const key = [...all.keys()].find((one) => name === one || name.startsWith(`${one}.`));
    if (key === undefined || here.has(key) || Object.hasOwn(project.user_inputs, key)) continue;
    const { region } = all.get(key)!;
    const message = `"inputs.${key}" is there for the items of "${region}" alone, and this task does not stand in that region`;
    const hint = `Depend on "${region}" without "gather", or refer to deps.<scope>.result, where each item is listed.`;
    add('warning', 'for_each.input_elsewhere', path, message, hint);
  }
}

/** A loop within an item that hands on an input of the item's name hides the item. */
function checkHandedOn(task: TaskSpec, regions: Regions, byId: ById, add: Add): void {
  const here = itemInputsOf(regions.stacks.get(task.id) ?? [], byId);
  if (here.size === 0) return;
  for (const [index, rule] of (task.control?.decide ?? []).entries()) {
    for (const key of Object.keys('action' in rule ? (rule.next_inputs ?? {}) : {})) {
      const own = here.get(key);
      if (own === undefined) continue;
      const path = ['control', 'decide', index, 'next_inputs', key];
      const message = `"${key}" is the item of "${own.region}": an input of that name would hide it`;
      add('error', 'for_each.input_taken', path, message, 'Give the input another name.');
    }
  }
}
