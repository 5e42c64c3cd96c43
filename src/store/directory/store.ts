/** The runs of a program where they live: in its `.runs`. */
import path from 'node:path';
import type { RunEvent } from '../../core/events/events.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { makeDirectory, makeNewDirectory, remove } from '../../disk/disk.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { StateCache } from '../cache/state-cache.ts';
import { dropCommand, dropInterrupt, dropQuestion, dropReply } from '../inbox/drop.ts';
import { runPaths, runsDir, type RunPaths } from '../layout.ts';
import type { LockHolder } from '../lock/numbered-lock.ts';
import { currentHolder } from '../lock/run-lock.ts';
import { followLog } from '../log/follow.ts';
import { EventLog } from '../log/writer.ts';
import { listRunSummaries } from '../run-list.ts';
import type {
  InboxMessage,
  ListedRun,
  NewRun,
  RunStore,
  RunView,
  Visit,
  Writing,
} from '../run-store.ts';
import { writeRefusal } from '../write-refusal.ts';
import { viewRun } from './view.ts';
import { writeRun } from './writer.ts';

export interface DirectoryOptions {
  /** ISO 8601, UTC. */
  now(): string;
  /** Whether what is committed reaches the device before it counts. */
  sync: boolean;
}

export class DirectoryRunStore implements RunStore {
  readonly programDir: string;
  readonly #options: DirectoryOptions;

  constructor(programDir: string, options: DirectoryOptions) {
    this.programDir = path.resolve(programDir);
    this.#options = options;
  }

  create(runId: string): NewRun {
    const paths = this.#paths(runId);
    makeRunDirectories(paths);
    return {
      paths,
      begin: (events, state) => begin(paths, events, state, this.#options.sync),
      discard: () => remove(paths.root),
    };
  }

  list(): ListedRun[] {
    return listRunSummaries(this.programDir);
  }

  view(runId: string, visit?: Visit): RunView {
    return viewRun(this.#paths(runId), visit);
  }

  write(runId: string, as: string): Writing {
    const { now, sync } = this.#options;
    return writeRun(this.#paths(runId), { as, now, sync });
  }

  holder(runId: string): LockHolder | null {
    return currentHolder(this.#paths(runId));
  }

  follow(runId: string, after: number, signal: AbortSignal): AsyncIterable<RunEvent[]> {
    return followLog(this.#paths(runId), after, signal);
  }

  drop(runId: string, message: InboxMessage): string | null {
    const paths = this.#paths(runId);
    switch (message.kind) {
      case 'interrupt': {
        const file = paths.interruptFile(message.interrupt.interrupt_id);
        return dropInterrupt(paths, message.interrupt) ? file : null;
      }
      case 'question':
        return dropQuestion(
          paths.questionsDir(message.interrupt.instance_id, message.attempt),
          message.interrupt,
        );
      case 'reply': {
        const file = paths.replyFile(message.reply.interrupt_id);
        return dropReply(paths, message.reply) ? file : null;
      }
      case 'command':
        return dropCommand(paths, message.command, this.#options.now());
    }
  }

  #paths(runId: string): RunPaths {
    return runPaths(this.programDir, runId);
  }
}

/**
 * Makes the directories of a new run. It becomes a run, for everyone to see, with the first event of
 * its log (`EventLog.create`); until then it is nothing that a list shows.
 */
function makeRunDirectories(paths: RunPaths): void {
  try {
    makeDirectory(runsDir(paths.authoredDir));
    makeNewDirectory(paths.root);
    const inbox = [paths.inboxInterrupts, paths.inboxReplies, paths.inboxCommands];
    for (const directory of [
      ...inbox,
      paths.stateDir,
      paths.programDir,
      paths.proposals,
      paths.instancesDir,
    ]) {
      makeDirectory(directory);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeRefusal(paths.root, error);
    throw new Refusal('run-exists', `${paths.root} exists already.`, { exit: ExitStatus.failed });
  }
}

/** The log first, which makes it a run; then its readable copy, which may fail: the next engine writes it. */
function begin(paths: RunPaths, events: readonly RunEvent[], state: RunState, sync: boolean): void {
  const log = EventLog.create(paths.eventsLog, events, { sync });
  try {
    const cache = StateCache.create(paths);
    for (const event of events) cache.note(event);
    cache.flush(state, log.position);
  } finally {
    log.close();
  }
}
