/** What a program of edition 1 is told: what edition 2 would give it. Pure. */
import { editionDefaults, type Policies } from '../../model/policies.ts';
import { isJsonObject } from '../../model/json.ts';
import type { ProjectSpec } from '../../model/program.ts';
import type { Add } from './finding.ts';

/** What the default of edition 2 does. */
const gains: Readonly<
  Record<Exclude<keyof Policies, 'retry' | 'fallback_agents' | 'command_timeout_sec'>, string>
> = {
  on_wall: 'asks at a time limit',
  repair: 'mends in the same session',
  on_stall: 'resumes what stands still',
  usage_limit: 'waits out usage limits',
};

export function checkEdition({ edition }: ProjectSpec, add: Add): void {
  if (edition === 2) return;
  const given = Object.entries(gains).map(
    ([name, does]) => `${does} (${name}: ${shown(editionDefaults[2][name as keyof typeof gains])})`,
  );
  add(
    'note',
    'project.edition',
    ['edition'],
    `the program is of edition 1; edition 2 ${given.join('; ')}`,
    'Add "edition: 2" for all of it, or set what you want of it by itself.',
  );
}

/** As an author would write it. */
function shown(value: unknown): string {
  if (!isJsonObject(value)) return String(value);
  const set = Object.entries(value).filter(([, each]) => each !== null);
  return `{${set.map(([name, each]) => `${name}: ${String(each)}`).join(', ')}}`;
}
