import { setFlagsFromString } from 'node:v8';

/**
 * An engine does a little of everything for each attempt, and hardly anything often. V8 takes what has run for a while
 * to be worth its optimising compiler, which was an eighth of all processor time of a run of 600 and had not paid for
 * itself by its end. So code must have run sixteen times as long first; in a run of tens of thousands it still comes to that.
 */
export function compileLate(): void {
  setFlagsFromString('--interrupt-budget=1081344');
}
