/** What a program of edition 1 is told: what edition 2 would give it. Pure. */
import { editionDefaults, type Policies } from '../../model/policies.ts';
import type { ProjectSpec } from '../../model/program.ts';
import type { Add } from './finding.ts';

/** What the default of edition 2 does. */
const gains: Readonly<Record<Exclude<keyof Policies, 'retry'>, string>> = {
  on_wall: 'asks a person where an attempt comes to its time limit, instead of failing it',
  repair: 'has an attempt mend, in the same session, what is wrong with what it hands in',
};

export function checkEdition({ edition }: ProjectSpec, add: Add): void {
  if (edition === 2) return;
  const given = Object.entries(gains).map(
    ([name, does]) => `${does} (${name}: ${editionDefaults[2][name as keyof typeof gains]})`,
  );
  add(
    'note',
    'project.edition',
    ['edition'],
    `the program is of edition 1; edition 2 ${given.join('; ')}`,
    'Add "edition: 2" for all of it, or set what you want of it by itself.',
  );
}
