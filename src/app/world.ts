/**
 * All that a verb may touch beside what it is told: no verb, and nothing below, asks the process for its
 * environment, its directory or the time. The command line and the page's server make one World each.
 */
import type { Executor } from '../execution/executor.ts';
import type { ParsedTexts } from '../program/source/parsed-texts.ts';
import type { Surroundings } from '../engine/surroundings.ts';

export interface World extends Surroundings {
  /** How the program was started: Node's own path, and the script that it was given. */
  readonly self: { readonly node: string; readonly entry: string };
  /** What the texts of a program were parsed to before; absent: they are parsed. */
  readonly texts?: (programDir: string) => ParsedTexts;
  /** Who carries out attempts; where nobody is named, they are processes of this machine. */
  readonly executor?: Executor;
  /** Told, in words for a person, what a verb waits for where that takes more than a moment. */
  readonly onWait?: (what: string) => void;
}
