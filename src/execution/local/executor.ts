/** Attempts as processes of this machine. */
import type { AttemptOrder } from '../../model/attempt.ts';
import type { Executor, Found, Handle, Heard } from '../executor.ts';
import { findAttempt } from './find.ts';
import { startLauncher } from './launch.ts';
import type { Launcher } from './launcher.ts';
import { startAttempt } from './start.ts';

export interface LocalExecutorOptions {
  /** What every attempt's environment starts from. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** Whether a small process forks the attempts, where one is to be had; else this one does. */
  launcher: boolean;
}

export class LocalExecutor implements Executor {
  readonly #options: LocalExecutorOptions;
  #launcher: Launcher | null = null;

  constructor(options: LocalExecutorOptions) {
    this.#options = options;
  }

  start(order: AttemptOrder, heard: Heard): Promise<Handle> {
    const { env, launcher } = this.#options;
    // With the first attempt: many a command drives a run that starts none.
    if (launcher) this.#launcher ??= startLauncher(env);
    return startAttempt(order, heard, {
      env: this.#launcher?.env ?? env,
      launcher: this.#launcher,
    });
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
