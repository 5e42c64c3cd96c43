/**
 * Has a run's questions to assistants answered while its engine drives it (`run start --assistants`, or
 * `assistants: inline`). What is answered reaches the engine through the inbox, as from anybody else.
 */
import type { RunState } from '../../core/state/run-state.ts';
import type { RunPaths } from '../../store/layout.ts';
import type { AssistantResult } from './answer-by-assistant.ts';
import type { World } from '../world.ts';
import type { StopMode } from '../../engine/loop.ts';
import type { Answerer, BegunAnswer } from '../../engine/parts.ts';

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
  #active = 0;

  constructor(world: World, paths: RunPaths, hooks: InlineHooks) {
    this.#world = world;
    this.#paths = paths;
    this.#hooks = hooks;
  }

  begin(state: RunState): BegunAnswer[] {
    const begun: BegunAnswer[] = [];
    for (const [id, { interrupt }] of state.interrupts) {
      if (this.#active >= CONCURRENCY) break;
      if (interrupt.status !== 'open' || interrupt.audience !== 'assistant') continue;
      if (this.#tried.has(id)) continue;
      this.#tried.add(id);
      begun.push(this.#answer(id));
    }
    return begun;
  }

  #answer(interruptId: string): BegunAnswer {
    this.#active += 1;
    const begun = import('./answer-by-assistant.ts').then(({ answerByAssistant }) =>
      answerByAssistant(this.#world, this.#paths, interruptId, { command: 'run (inline)' }),
    );
    const ended = begun
      .then((answering) => answering.ended)
      .then((result) => this.#hooks.onEnded?.(interruptId, result))
      .finally(() => (this.#active -= 1));
    const stop = (mode: StopMode): void => {
      begun.then(
        (answering) => answering.stop(mode),
        () => undefined,
      );
    };
    return { ended, stop };
  }
}
