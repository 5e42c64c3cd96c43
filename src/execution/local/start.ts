/**
 * Starts an attempt. See attempt-files.ts for how engine and attempt agree on who ran, and watch.ts for
 * what happens while it lives.
 */
import path from 'node:path';
import { backendOf } from '../../agents/backends.ts';
import { ownHomeDirectory } from '../../agents/own-home.ts';
import { linkTo, makeDirectory, replaceFile } from '../../disk/disk.ts';
import { kindAt } from '../../disk/foreign-file.ts';
import { outside } from '../../disk/inside.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { Refusal } from '../../model/refusal.ts';
import { ownScope } from '../../processes/identity.ts';
import type { Handle, Heard } from '../executor.ts';
import { attemptFiles, unclaimed } from './attempt-files.ts';
import { prepareAttempt } from './environment.ts';
import { beginningIn } from './begin-in-place.ts';
import { findAttempt } from './find.ts';
import { launchTrouble, promptTrouble, tooLongFor } from './launch-trouble.ts';
import { directoryProblem, launchAttempt } from './launch.ts';
import type { Launcher } from './launcher.ts';
import { AttemptWatch } from './watch.ts';

export interface StartOptions {
  /** What the attempt's environment starts from. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** Forks the attempt; null: this process does. */
  launcher: Launcher | null;
}

/** As `Executor.start`. */
export async function startAttempt(
  order: AttemptOrder,
  heard: Heard,
  { env, launcher }: StartOptions,
): Promise<Handle> {
  const files = attemptFiles(order);
  const failed = (problem: string, argv: string[] = []): Handle =>
    new AttemptWatch(order, files, { kind: 'failed', problem, argv }, heard, null);
  const unusable = directoryProblem(order.cwd);
  if (unusable !== null) return failed(`the workspace cannot be used: ${unusable}`);
  let argv: string[] = [];
  try {
    const prepared = await prepareAttempt(order, env);
    argv = prepared.argv;
    backendOf(order.backend).assertFree(order, prepared.env);
    const tooLong = tooLongFor(argv, prepared.env);
    if (tooLong !== null) return failed(tooLong, argv.map(shortened));
    const refused = promptTrouble(files.prompt, backendOf(order.backend).longestPromptChars);
    if (refused !== null) return failed(refused, argv);
    for (const directory of prepared.directories) {
      refuseLinkedHome(order, directory);
      makeDirectory(directory);
    }
    for (const [link, target] of Object.entries(prepared.links)) linkLogin(target, link);
    for (const [file, text] of Object.entries(prepared.given)) replaceFile(file, text);
    const words = [...beginningIn(order.realCwd), ...argv];
    const launched = await launchAttempt(order, files, words, prepared.env, launcher);
    switch (launched.kind) {
      case 'child':
        return new AttemptWatch(order, files, { ...launched, argv }, heard, prepared.env);
      case 'running': {
        const { pid, startTime, ended: exited, reaped } = launched;
        const identity = { pid, startTime, ...ownScope() };
        const watched = { kind: 'launched', identity, exited, reaped, argv } as const;
        return new AttemptWatch(order, files, watched, heard, prepared.env);
      }
      case 'refused':
        return failed(unclaimed(files), argv);
      case 'lost':
      case 'claimed':
        return await settleAndStart(order, heard, { env, launcher });
    }
  } catch (error) {
    if (error instanceof Refusal) {
      return failed(error.hint === undefined ? error.message : `${error.message} ${error.hint}`);
    }
    if (isSystemError(error)) return failed(launchTrouble(error), argv);
    throw error;
  }
}

/** Whether the attempt runs, or ran, is settled as after an engine's death; an attempt begins once. */
async function settleAndStart(
  order: AttemptOrder,
  heard: Heard,
  options: StartOptions,
): Promise<Handle> {
  const found = await findAttempt(order, heard, options.env);
  if (found.kind !== 'never_started') return found.handle;
  return startAttempt({ ...order, generation: found.nextGeneration }, heard, options);
}

/** For runtime.json. */
function shortened(word: string): string {
  return word.length > 1000 ? `${word.slice(0, 1000)}…` : word;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

/**
 * Into a home of its own an agent may put a link where its next attempt is to find a directory: what is made there would
 * be made elsewhere.
 */
function refuseLinkedHome({ programDir, backend }: AttemptOrder, directory: string): void {
  const home = ownHomeDirectory(programDir, backend);
  if (!directory.startsWith(home + path.sep)) return;
  const trouble = outside(home, path.relative(home, directory));
  if (trouble === null) return;
  throw new Refusal('own-home-linked', `${directory} cannot be used: ${trouble}.`, {
    hint: 'An agent has put it there: remove it.',
  });
}

/** What has its name already was made by an earlier attempt, or by the agent when it renewed its login. */
function linkLogin(target: string, link: string): void {
  if (kindAt(link) !== 'missing' || kindAt(target) === 'missing') return;
  try {
    linkTo(target, link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
