/** Attempts as processes of this machine. */
import type { AttemptOrder } from '../../model/attempt.ts';
import type { Executor, Found, Handle, Heard } from '../executor.ts';
import { findAttempt } from './find.ts';
import { Launcher, type LauncherProgram } from './launcher.ts';
import { nativeLauncher } from './native-launcher.ts';
import { shellLauncher } from './shell-launcher.ts';
import { startAttempt } from './start.ts';

export interface LocalExecutorOptions {
  /** What every attempt's environment starts from. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** What forks the attempts: the first of these that starts and lives; without any, this process does. */
  launchers: readonly LauncherProgram[];
}

/** What this machine has to fork attempts with, the cheapest first. */
export function launchersHere(): LauncherProgram[] {
  if (process.platform !== 'linux') return [];
  return [nativeLauncher(), shellLauncher()].filter((program) => program !== null);
}

export class LocalExecutor implements Executor {
  readonly #options: LocalExecutorOptions;
  #launcher: Launcher | null = null;
  readonly #untried: LauncherProgram[];

  constructor(options: LocalExecutorOptions) {
    this.#options = options;
    this.#untried = [...options.launchers];
  }

  start(order: AttemptOrder, heard: Heard): Promise<Handle> {
    // With the first attempt: many a command drives a run that starts none.
    const launcher = this.#living();
    const env = launcher?.env ?? this.#options.env;
    return startAttempt(order, heard, { env, launcher });
  }

  /** null where none does, or none is left. */
  #living(): Launcher | null {
    while (this.#launcher?.isLost !== false) {
      const program = this.#untried.shift();
      if (program === undefined) return null;
      this.#launcher = Launcher.start(program, this.#options.env);
    }
    return this.#launcher;
  }

  find(order: AttemptOrder, heard: Heard): Promise<Found> {
    return findAttempt(order, heard, this.#options.env);
  }

  close(): Promise<void> {
    this.#launcher?.close();
    this.#launcher = null;
    return Promise.resolve();
  }
}
