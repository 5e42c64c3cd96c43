/**
 * What the running attempts of a run print, for those who look at it live: one reader for each, however
 * many listen. It begins at the end of what is there; what came before is read in pages.
 */
import { resolveAgent } from '../../agents/resolve-agent.ts';
import type { Instance } from '../../model/run.ts';
import { taskOf, type RunState } from '../../core/state/run-state.ts';
import type { RunPaths } from '../../store/layout.ts';
import { LiveActivities, type OutputChunk } from '../../agents/output/activities.ts';

interface AttemptChunk extends OutputChunk {
  instanceId: string;
  attempt: number;
  /** The attempt ended, and nothing more comes. */
  ended: boolean;
}

export interface OutputListener {
  onOutput(chunk: AttemptChunk): void;
}

interface Tail {
  instanceId: string;
  attempt: number;
  output: LiveActivities;
}

export class OutputFeed {
  readonly #paths: RunPaths;
  readonly #listeners = new Set<OutputListener>();
  readonly #tails = new Map<string, Tail>();
  #seq = -1;

  constructor(paths: RunPaths) {
    this.#paths = paths;
  }

  add(listener: OutputListener, state: RunState): void {
    if (this.#listeners.size === 0) this.#follow(state, true);
    this.#listeners.add(listener);
  }

  remove(listener: OutputListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0) this.close();
  }

  /** Tells what was printed since. Called often. */
  look(state: RunState): void {
    if (this.#listeners.size === 0) return;
    // Which attempts run changes only with events.
    if (state.seq !== this.#seq) this.#follow(state, false);
    for (const tail of this.#tails.values()) this.#tell(tail, false);
  }

  close(): void {
    this.#listeners.clear();
    for (const { output } of this.#tails.values()) output.close();
    this.#tails.clear();
    this.#seq = -1;
  }

  #follow(state: RunState, atEnd: boolean): void {
    this.#seq = state.seq;
    const running = new Set<string>();
    for (const instance of state.instances.values()) {
      if (instance.status !== 'running') continue;
      const key = keyOf(instance);
      running.add(key);
      if (!this.#tails.has(key)) this.#tails.set(key, this.#open(state, instance, atEnd));
    }
    for (const [key, tail] of this.#tails) {
      if (running.has(key)) continue;
      this.#tell(tail, true);
      this.#tails.delete(key);
    }
  }

  #open(state: RunState, instance: Instance, atEnd: boolean): Tail {
    const { instance_id: instanceId, attempt } = instance;
    const stdout = this.#paths.shownFile(instanceId, attempt, 'events.jsonl');
    const { agent } = taskOf(state, instance);
    const { backend } = resolveAgent(state.plan.project, agent);
    return { instanceId, attempt, output: new LiveActivities(stdout, backend, atEnd) };
  }

  #tell({ instanceId, attempt, output }: Tail, ended: boolean): void {
    const chunk = output.next(ended);
    if (!ended && chunk.from === chunk.to) return;
    for (const listener of [...this.#listeners]) {
      listener.onOutput({ ...chunk, instanceId, attempt, ended });
    }
  }
}

function keyOf({ instance_id, attempt }: Instance): string {
  return `${instance_id}/${attempt}`;
}
