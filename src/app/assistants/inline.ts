/**
 * Has a run's questions to assistants answered while its engine drives it (`run start --assistants`, or
 * `assistants: inline`). What is answered reaches the engine through the inbox, as from anybody else.
 */
import type { RunState } from '../../core/state/run-state.ts';
import type { RunPaths } from '../../store/layout.ts';
import type { Answering, AssistantResult } from './answer-by-assistant.ts';
import type { World } from '../world.ts';
import type { Answerer, StopMode } from '../../engine/engine.ts';

/** Beside the tasks' own `max_concurrency`: an answer lets a task go on, so it should not queue behind. */
const CONCURRENCY = 2;

export interface InlineHooks {
  onEnded?: ((interruptId: string, result: AssistantResult) => void) | undefined;
}

export class InlineAssistants implements Answerer {
  readonly #world: World;
  readonly #paths: RunPaths;
  readonly #hooks: InlineHooks;
  /** Each question is tried once by an engine: the next engine, or `inbox worker`, may try again. */
  readonly #tried = new Set<string>();
  readonly #live = new Set<Answering>();
  #active = 0;

  constructor(world: World, paths: RunPaths, hooks: InlineHooks) {
    this.#world = world;
    this.#paths = paths;
    this.#hooks = hooks;
  }

  look(state: RunState): Promise<void>[] {
    const begun: Promise<void>[] = [];
    for (const [id, { interrupt }] of state.interrupts) {
      if (this.#active >= CONCURRENCY) break;
      if (interrupt.status !== 'open' || interrupt.audience !== 'assistant') continue;
      if (this.#tried.has(id)) continue;
      this.#tried.add(id);
      this.#active += 1;
      begun.push(this.#answer(id));
    }
    return begun;
  }

  stop(mode: StopMode): void {
    for (const answering of this.#live) answering.stop(mode);
  }

  async #answer(interruptId: string): Promise<void> {
    try {
      const { answerByAssistant } = await import('./answer-by-assistant.ts');
      const answering = answerByAssistant(this.#world, this.#paths, interruptId, {
        command: 'run (inline)',
      });
      this.#live.add(answering);
      const result = await answering.ended.finally(() => this.#live.delete(answering));
      this.#hooks.onEnded?.(interruptId, result);
    } finally {
      this.#active -= 1;
    }
  }
}
