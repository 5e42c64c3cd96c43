/** Says what is new in a run's inbox, and in what its workers ask: which messages fit, which do not and why. Whether they lie in files or not. */
import type { Json } from '../../model/json.ts';
import type { Interrupt, InterruptRecord, Reply } from '../../model/run.ts';
import {
  addressReply,
  parseCommand,
  parseInterrupt,
  parseReply,
  type InboxCommand,
  type Parsed,
  type ReplyDraft,
} from './records.ts';
import type { RunPaths } from '../layout.ts';

/** What the log knows already; a `RunState` is one. */
export interface KnownInbox {
  interrupts: ReadonlyMap<string, Pick<InterruptRecord, 'interrupt' | 'reply'>>;
}

/** An attempt that runs, or has just ended: its worker may have left questions in its own directory. */
export interface Asker {
  instanceId: string;
  taskId: string;
  attempt: number;
  /** Whether it is time to look: not more than about once a second, and at its end. */
  isDue: boolean;
}

/** A file that waits to be taken in. */
export interface InboxItem<T> {
  file: string;
  value: T;
}

export interface InboxProblem {
  file: string;
  /** The interrupt that the file is named after; null for a command or a name that is no id. */
  interruptId: string | null;
  kind: 'interrupt' | 'reply' | 'command';
  /** `it is not JSON: …`, `"text" is missing`: reads on after the file's name and a colon. */
  reason: string;
  /** True the first time that this scanner reports it. */
  isNew: boolean;
}

/** A question. `asker`: the attempt in whose directory it lies, which is who asks; null: it lies in the inbox. */
export interface AskedItem extends InboxItem<Interrupt> {
  asker: Asker | null;
}

/** Everything that was left for the run and is not in the log, oldest first. */
export interface InboxScan {
  interrupts: AskedItem[];
  replies: InboxItem<Reply>[];
  commands: InboxItem<InboxCommand>[];
  unreadable: InboxProblem[];
}

/** From the JSON of a file to what it says. `at`: when it was written, ISO 8601. */
export type ParseFile<T> = (value: Json, name: string, at: string) => Parsed<T>;

/** A directory of messages. Knows only names and files, not what they mean. */
export interface InboxFolder<T> {
  /** The files that are not `settled`; those are never read. */
  look(settled: (name: string) => boolean): Iterable<Found<T>>;
  reject(file: string, reason: string): void;
}

/** How much may lie in a directory; what is more is named once, in sum. */
export interface FolderLimits {
  files: number;
  bytes: number;
}

/** Of one attempt, more than any has need of. */
const QUESTION_LIMITS: FolderLimits = { files: 100, bytes: 16 * 1024 * 1024 };

/** Makes the folder of a directory; without `limits`, of one that is out of the reach of workers. */
export type MakeFolder = <T>(
  directory: string,
  parse: ParseFile<T>,
  limits: FolderLimits | null,
) => InboxFolder<T>;

export class InboxScanner {
  readonly #paths: RunPaths;
  readonly #folder: MakeFolder;
  readonly #interrupts: InboxFolder<Interrupt>;
  /** By directory. */
  #questions = new Map<string, { asker: Asker; folder: InboxFolder<Interrupt> }>();
  readonly #replies: InboxFolder<ReplyDraft>;
  readonly #commands: InboxFolder<InboxCommand>;

  constructor(paths: RunPaths, folder: MakeFolder) {
    this.#paths = paths;
    this.#folder = folder;
    const { runId } = paths;
    const interrupt: ParseFile<Interrupt> = (value, interruptId, modifiedAt) =>
      parseInterrupt(value, { interruptId, runId, modifiedAt, asker: null });
    const reply: ParseFile<ReplyDraft> = (value, interruptId, modifiedAt) =>
      parseReply(value, { interruptId, modifiedAt });
    this.#interrupts = folder(paths.inboxInterrupts, interrupt, null);
    this.#replies = folder(paths.inboxReplies, reply, null);
    this.#commands = folder(paths.inboxCommands, parseCommand, null);
  }

  /**
   * What is there and not yet known. The same things are given out again until `known` has them (for
   * commands: until the file is gone), so nothing is lost if the caller fails in between.
   *
   * Questions of workers are looked for where the `askers` leave theirs; these are all that there are.
   */
  scan(known: KnownInbox, askers: readonly Asker[]): InboxScan {
    const unreadable: InboxProblem[] = [];
    const problem = (kind: InboxProblem['kind'], found: Found<unknown>, reason: string): void => {
      const interruptId = kind === 'command' || !found.isId ? null : found.name;
      const isNew = found.reported !== reason;
      found.reported = reason;
      unreadable.push({ file: found.file, interruptId, kind, reason, isNew });
    };

    const interrupts: AskedItem[] = [];
    const asked = new Map<string, Interrupt>();
    this.#lookAt(askers);
    const inbox = { asker: null, folder: this.#interrupts };
    for (const { asker, folder } of [inbox, ...this.#questions.values()]) {
      if (asker?.isDue === false) continue;
      // In a worker's own directory, another's question of the same id is no answer to its own.
      const isKnown = (id: string): boolean => {
        const interrupt = known.interrupts.get(id)?.interrupt;
        return (
          interrupt !== undefined &&
          (asker?.instanceId ?? interrupt.instance_id) === interrupt.instance_id
        );
      };
      for (const found of folder.look(isKnown)) {
        if (!found.parsed.ok) {
          problem('interrupt', found, found.parsed.reason);
          continue;
        }
        interrupts.push({ file: found.file, value: found.parsed.value, asker });
        asked.set(found.name, found.parsed.value);
      }
    }

    const replies: InboxItem<Reply>[] = [];
    const answered = (id: string): boolean => (known.interrupts.get(id)?.reply ?? null) !== null;
    for (const found of this.#replies.look(answered)) {
      if (!found.parsed.ok) {
        problem('reply', found, found.parsed.reason);
        continue;
      }
      const interrupt = known.interrupts.get(found.name)?.interrupt ?? asked.get(found.name);
      if (!interrupt) {
        // It may answer a question that it is not time to look for.
        if (askers.every(({ isDue }) => isDue)) {
          problem('reply', found, 'the run has no such interrupt');
        }
        continue;
      }
      const addressed = addressReply(found.parsed.value, interrupt);
      if (addressed.ok) replies.push({ file: found.file, value: addressed.value });
      else problem('reply', found, addressed.reason);
    }

    const commands: InboxItem<InboxCommand>[] = [];
    for (const found of this.#commands.look(() => false)) {
      if (found.parsed.ok) commands.push({ file: found.file, value: found.parsed.value });
      else problem('command', found, found.parsed.reason);
    }
    const byTime = (a: InboxItem<Interrupt | Reply>, b: InboxItem<Interrupt | Reply>): number =>
      compare(a.value.created_at, b.value.created_at) || compare(a.file, b.file);
    return {
      interrupts: interrupts.sort(byTime),
      replies: replies.sort(byTime),
      commands: commands.sort((a, b) => compare(a.file, b.file)),
      unreadable,
    };
  }

  #lookAt(askers: readonly Asker[]): void {
    const before = this.#questions;
    this.#questions = new Map();
    for (const asker of askers) {
      const { runId } = this.#paths;
      const directory = this.#paths.questionsDir(asker.instanceId, asker.attempt);
      const folder =
        before.get(directory)?.folder ??
        this.#folder<Interrupt>(
          directory,
          (value, interruptId, modifiedAt) =>
            parseInterrupt(value, { interruptId, runId, modifiedAt, asker }),
          QUESTION_LIMITS,
        );
      this.#questions.set(directory, { asker, folder });
    }
  }

  /**
   * Refuses a file that was given out, for a reason that only the caller can know (the reply schema,
   * the task's policy). It counts as unreadable from then on, until it changes.
   */
  reject(file: string, reason: string): void {
    const questions = [...this.#questions.values()].map(({ folder }) => folder);
    for (const folder of [this.#interrupts, ...questions, this.#replies, this.#commands]) {
      folder.reject(file, reason);
    }
  }
}

/** A message as it lies there. */
export interface Found<T> {
  /** Without `.json`. */
  name: string;
  isId: boolean;
  file: string;
  parsed: Parsed<T>;
  /** The reason last reported; null if none was. */
  reported: string | null;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
