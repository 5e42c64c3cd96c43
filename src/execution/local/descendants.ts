/**
 * What an attempt has running, whatever group or session it is in: what descends from its leader, and what carries the
 * attempt in its environment, with all that descends from that. Counts the processor time that all of it uses.
 */
import type { AttemptOrder } from '../../model/attempt.ts';
import { environmentOf } from './process-group.ts';
import { processTimes, type ProcessEntry } from './process-times.ts';

export class Descendants {
  readonly #leader: number;
  readonly #mark: string;
  /** Of processes that do not descend from the leader: whether they carry the mark. By pid and start. */
  #carries = new Map<string, boolean>();
  /** What each had used when it was last looked at. */
  #used = new Map<string, number>();
  #sumMs = 0;

  constructor(leader: number, order: AttemptOrder) {
    this.#leader = leader;
    this.#mark = `CODEX_ORCH_ATTEMPT_DIR=${order.env['CODEX_ORCH_ATTEMPT_DIR'] ?? order.attemptDir}`;
  }

  /** Processor time that all of it has used since the first look, ms; as far as looks have seen it. */
  cpuMs(): number {
    const isFirst = this.#used.size === 0;
    const used = new Map<string, number>();
    for (const entry of this.#ours(processTimes())) {
      const name = nameOf(entry);
      const before = this.#used.get(name) ?? (isFirst ? entry.cpuMs : 0);
      this.#sumMs += Math.max(0, entry.cpuMs - before);
      used.set(name, entry.cpuMs);
    }
    this.#used = used;
    return this.#sumMs;
  }

  #ours(table: readonly ProcessEntry[]): ProcessEntry[] {
    const children = new Map<number, ProcessEntry[]>();
    for (const entry of table) {
      const known = children.get(entry.parent);
      if (known) known.push(entry);
      else children.set(entry.parent, [entry]);
    }
    const ours = new Map<number, ProcessEntry>();
    const add = (entry: ProcessEntry): void => {
      if (ours.has(entry.pid)) return;
      ours.set(entry.pid, entry);
      for (const child of children.get(entry.pid) ?? []) add(child);
    };
    for (const entry of table) if (entry.pid === this.#leader) add(entry);
    const carries = new Map<string, boolean>();
    for (const entry of table) {
      if (ours.has(entry.pid) || entry.pid === process.pid) continue;
      const name = nameOf(entry);
      const isMarked = this.#carries.get(name) ?? environmentOf(entry.pid).includes(this.#mark);
      carries.set(name, isMarked);
      if (isMarked) add(entry);
    }
    this.#carries = carries;
    return [...ours.values()];
  }
}

function nameOf({ pid, startTime }: ProcessEntry): string {
  return `${pid} ${startTime}`;
}
