/** The inputs that a region gives to each of its items. Pure. */
import type { TaskSpec } from './program.ts';
import { stackAround, type Regions, type Stack } from './regions.ts';

/** The input that holds the place of an item, from 0. */
export function indexInput(as: string): string {
  return `${as}_index`;
}

/** An input that an item brings: of which region, and whether it is the item or its place. */
export interface ItemInput {
  region: string;
  is: 'item' | 'index';
}

/** What the items around a task bring, by key; of regions within each other the innermost counts. */
export function itemInputsOf(
  stack: Stack,
  byId: ReadonlyMap<string, Pick<TaskSpec, 'for_each'>>,
): Map<string, ItemInput> {
  const inputs = new Map<string, ItemInput>();
  for (const region of stack) {
    const as = byId.get(region)?.for_each?.as;
    if (as === undefined) continue;
    inputs.set(as, { region, is: 'item' });
    inputs.set(indexInput(as), { region, is: 'index' });
  }
  return inputs;
}

/** The same of where the list of a task with `for_each` is looked up. */
export function itemInputsAround(
  regions: Regions,
  task: TaskSpec,
  byId: ReadonlyMap<string, TaskSpec>,
): Map<string, ItemInput> {
  return itemInputsOf(stackAround(regions, task), byId);
}
