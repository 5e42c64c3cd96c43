/** What an engine sees of the process and the machine that it works in. The verbs' `World` is one. */
import type { RunStore } from '../store/run-store.ts';
import type { Clock } from './clock.ts';

export interface Surroundings {
  /** Environment variables. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** The current directory, absolute. */
  readonly cwd: string;
  readonly clock: Clock;
  /** The runs of a program; absent: those in its directory. */
  readonly runs?: (programDir: string) => RunStore;
}
