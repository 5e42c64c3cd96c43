/**
 * Runs that are kept nowhere: for tests, and for trying out what a run would do. It makes the promises of
 * `RunStore` (test/conformance/store.ts), but those about crashes and disks. Paths name places where nothing is.
 */
import path from 'node:path';
import { mayStandIn } from '../../core/events/catalogue.ts';
import type { RunEvent } from '../../core/events/events.ts';
import { evolve } from '../../core/events/evolve.ts';
import { resultOf } from '../../core/state/results.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { parseJson, stringifyJson, type Json } from '../../model/json.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { ownIdentity } from '../../processes/identity.ts';
import { runSummary } from '../cache/documents.ts';
import { InboxScanner, type Found, type InboxFolder, type ParseFile } from '../inbox/scanner.ts';
import { runPaths, type RunPaths } from '../layout.ts';
import type { LockHolder } from '../lock/numbered-lock.ts';
import { heldRefusal } from '../lock/run-lock.ts';
import type { RecordedResult } from '../log/results.ts';
import { RunClock } from '../run-clock.ts';
import type {
  InboxMessage,
  ListedRun,
  NewRun,
  Inbox,
  RunStore,
  RunView,
  RunWriter,
  Visit,
  Writing,
} from '../run-store.ts';

/** Whoever follows a run looks this often at what else has changed. */
const LOOK_MS = 250;

interface KeptRun {
  paths: RunPaths;
  /** Empty until it has begun. */
  events: RunEvent[];
  holder: LockHolder | null;
  /** By directory, then by name without `.json`. */
  inbox: Map<string, Map<string, { value: Json; at: string }>>;
  /** Called when events or messages have come. */
  onChange: Set<() => void>;
}

export class MemoryRunStore implements RunStore {
  readonly programDir: string;
  readonly #now: () => string;
  readonly #runs = new Map<string, KeptRun>();
  #messages = 0;

  constructor(programDir: string, now: () => string) {
    this.programDir = path.resolve(programDir);
    this.#now = now;
  }

  create(runId: string): NewRun {
    const paths = runPaths(this.programDir, runId);
    if (this.#runs.has(runId)) throw exists(paths);
    const { inboxInterrupts, inboxReplies, inboxCommands } = paths;
    const folders = [inboxInterrupts, inboxReplies, inboxCommands];
    const run: KeptRun = {
      paths,
      events: [],
      holder: null,
      inbox: new Map(folders.map((folder) => [folder, new Map()])),
      onChange: new Set(),
    };
    this.#runs.set(runId, run);
    return {
      paths,
      begin: (events) => {
        if (run.events.length > 0) throw exists(paths);
        run.events.push(...events);
      },
      discard: () => void this.#runs.delete(runId),
    };
  }

  list(): ListedRun[] {
    const begun = [...this.#runs.values()].filter(({ events }) => events.length > 0);
    const newest = (run: KeptRun): string => `${run.events[0]?.created_at} ${run.paths.runId}`;
    return begun
      .sort((a, b) => (newest(a) < newest(b) ? 1 : -1))
      .map((run) => ({ ok: true, summary: runSummary(stateOf(run)) }));
  }

  view(runId: string, visit?: Visit): RunView {
    return new MemoryRunView(this.#run(runId), visit);
  }

  write(runId: string, as: string): Writing {
    const run = this.#run(runId);
    if (run.holder) {
      const refusal = heldRefusal(runId, run.holder);
      return { ok: false, reason: 'held', refusal, holder: run.holder };
    }
    run.holder = {
      ...ownIdentity(),
      command: as,
      acquired_at: this.#now(),
      liveness: 'alive',
      file: path.join(run.paths.lockDir, as),
    };
    return { ok: true, writer: new MemoryRunWriter(run, this.#now) };
  }

  holder(runId: string): LockHolder | null {
    return this.#runs.get(runId)?.holder ?? null;
  }

  async *follow(runId: string, after: number, signal: AbortSignal): AsyncGenerator<RunEvent[]> {
    const run = this.#run(runId);
    let seen = after;
    while (!signal.aborted) {
      const events = run.events.slice(seen);
      seen += events.length;
      if (events.length > 0) yield events;
      yield [];
      if (run.events.length <= seen) await changed(run, signal);
    }
  }

  drop(runId: string, message: InboxMessage): string | null {
    const { paths, inbox, onChange } = this.#run(runId);
    const [directory, name, value] = this.#addressed(paths, message);
    const folder = inbox.get(directory) ?? new Map<string, { value: Json; at: string }>();
    inbox.set(directory, folder);
    if (folder.has(name)) return null;
    folder.set(name, { value: parseJson(stringifyJson(value)), at: this.#now() });
    for (const tell of [...onChange]) tell();
    return path.join(directory, `${name}.json`);
  }

  #addressed(paths: RunPaths, message: InboxMessage): [string, string, object] {
    switch (message.kind) {
      case 'interrupt':
        return [paths.inboxInterrupts, message.interrupt.interrupt_id, message.interrupt];
      case 'question': {
        const { interrupt, attempt } = message;
        const directory = paths.questionsDir(interrupt.instance_id, attempt);
        return [directory, interrupt.interrupt_id, interrupt];
      }
      case 'reply':
        return [paths.inboxReplies, message.reply.interrupt_id, message.reply];
      case 'command':
        return [
          paths.inboxCommands,
          String((this.#messages += 1)).padStart(8, '0'),
          message.command,
        ];
    }
  }

  #run(runId: string): KeptRun {
    const run = this.#runs.get(runId);
    if (run && run.events.length > 0) return run;
    const file = runPaths(this.programDir, runId).eventsLog;
    const [code, message] = run
      ? (['run-empty', `Run ${runId} was never started: its log holds no event.`] as const)
      : (['log-missing', `There is no event log at ${file}.`] as const);
    throw new Refusal(code, message, { exit: ExitStatus.notFound });
  }
}

class MemoryRunView implements RunView {
  readonly paths: RunPaths;
  readonly state: RunState;
  readonly #run: KeptRun;
  #read: number;

  constructor(run: KeptRun, visit?: Visit) {
    this.paths = run.paths;
    this.#run = run;
    this.state = stateOf(run, visit);
    this.#read = run.events.length;
  }

  refresh(): RunEvent[] {
    const events = this.read();
    for (const event of events) evolve(this.state, event);
    return events;
  }

  read(): RunEvent[] {
    const events = this.#run.events.slice(this.#read);
    this.#read += events.length;
    return events;
  }

  result(instanceId: string): RecordedResult | null {
    return resultIn(this.#run.events.slice(0, this.#read), this.state, instanceId);
  }
}

class MemoryRunWriter implements RunWriter {
  readonly paths: RunPaths;
  readonly state: RunState;
  readonly inbox: Inbox;
  readonly #run: KeptRun;
  readonly #clock: RunClock;
  readonly #listeners = new Set<Visit>();
  #isOpen = true;

  constructor(run: KeptRun, now: () => string) {
    this.paths = run.paths;
    this.state = stateOf(run);
    this.inbox = memoryInbox(run);
    this.#run = run;
    this.#clock = new RunClock(now);
  }

  now(): string {
    return this.#clock.now(this.state.updatedAt);
  }

  commit(events: readonly RunEvent[]): void {
    if (events.length === 0) return;
    if (!this.#isOpen) {
      const message = `${this.paths.eventsLog} has been closed.`;
      throw new Refusal('log-closed', message, { exit: ExitStatus.defect });
    }
    const { format_version: formatVersion } = this.state.plan;
    for (const event of events) {
      if (!mayStandIn(formatVersion, event.event_type)) {
        throw new Error(`${event.event_id} in a run of format ${formatVersion}`);
      }
      const expected = this.#run.events.length + 1;
      if (event.seq !== expected)
        throw new Error(`event ${event.event_id} is not the ${expected}th`);
      this.#run.events.push(event);
    }
    for (const event of events) {
      for (const listener of this.#listeners) listener(event, this.state);
    }
    for (const tell of [...this.#run.onChange]) tell();
  }

  async commitAsync(events: readonly RunEvent[]): Promise<void> {
    this.commit(events);
  }

  onEvent(listener: Visit): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  checkPlace(): void {
    // Nobody can take it away.
  }

  flushCache(): void {
    // There is none.
  }

  onStaleCache(): void {
    // There is none.
  }

  noteSession(): void {
    // Nobody looks for it.
  }

  result(instanceId: string): RecordedResult | null {
    return resultIn(this.#run.events, this.state, instanceId);
  }

  close(): void {
    if (this.#isOpen) this.#run.holder = null;
    this.#isOpen = false;
  }
}

function stateOf({ events, paths }: KeptRun, visit?: Visit): RunState {
  let state: RunState | null = null;
  for (const event of events) {
    state = evolve(state, event);
    visit?.(event, state);
  }
  if (!state) throw new Error(`run ${paths.runId} has no event`);
  return state;
}

function resultIn(
  events: readonly RunEvent[],
  state: RunState,
  instanceId: string,
): RecordedResult | null {
  if (!state.instances.has(instanceId) || resultOf(state, instanceId) === null) return null;
  const event = events.findLast(
    (each) => each.event_type === 'result_materialized' && each.instance_id === instanceId,
  );
  if (event?.event_type !== 'result_materialized') return null;
  const { attempt, result: value, sha256 } = event.payload;
  return { attempt, value, sha256 };
}

function memoryInbox(run: KeptRun): Inbox {
  const folder = <T>(directory: string, parse: ParseFile<T>): InboxFolder<T> =>
    new MemoryFolder(directory, () => run.inbox.get(directory), parse);
  const scanner = new InboxScanner(run.paths, folder);
  return {
    scan: (known, askers) => scanner.scan(known, askers ?? []),
    reject: (file, reason) => scanner.reject(file, reason),
    remove: (file) => run.inbox.get(path.dirname(file))?.delete(path.basename(file, '.json')),
    watch(onChange) {
      run.onChange.add(onChange);
      return () => run.onChange.delete(onChange);
    },
  };
}

class MemoryFolder<T> implements InboxFolder<T> {
  readonly #directory: string;
  readonly #files: () => ReadonlyMap<string, { value: Json; at: string }> | undefined;
  readonly #parse: ParseFile<T>;
  readonly #read = new Map<string, Found<T>>();

  constructor(
    directory: string,
    files: () => ReadonlyMap<string, { value: Json; at: string }> | undefined,
    parse: ParseFile<T>,
  ) {
    this.#directory = directory;
    this.#files = files;
    this.#parse = parse;
  }

  *look(settled: (name: string) => boolean): Generator<Found<T>> {
    for (const [name, { value, at }] of this.#files() ?? []) {
      if (settled(name)) continue;
      let found = this.#read.get(name);
      if (!found) {
        const file = path.join(this.#directory, `${name}.json`);
        found = { name, isId: true, file, parsed: this.#parse(value, name, at), reported: null };
        this.#read.set(name, found);
      }
      yield found;
    }
  }

  reject(file: string, reason: string): void {
    if (path.dirname(file) !== this.#directory) return;
    const found = this.#read.get(path.basename(file, '.json'));
    if (found) found.parsed = { ok: false, reason };
  }
}

function changed({ onChange }: KeptRun, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      onChange.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, LOOK_MS);
    onChange.add(wake);
    signal.addEventListener('abort', wake);
    if (signal.aborted) wake();
  });
}

function exists(paths: RunPaths): Refusal {
  return new Refusal('run-exists', `${paths.root} exists already.`, { exit: ExitStatus.failed });
}
