/** What an engine sees of the process and the machine that it works in. The verbs' `World` is one. */
import type { Clock } from './clock.ts';

export interface Surroundings {
  /** Environment variables. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** The current directory, absolute. */
  readonly cwd: string;
  readonly clock: Clock;
}
