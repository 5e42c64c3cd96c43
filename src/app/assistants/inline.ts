/**
 * Has a run's questions to assistants answered while its engine drives it (`run start --assistants`, or
 * `assistants: inline`). What is answered reaches the engine through the inbox, as from anybody else.
 */
import type { RunState } from '../../core/state/run-state.ts';
import type { RunPaths } from '../../store/layout.ts';
import type { AssistantResult } from './answer-by-assistant.ts';
import type { World } from '../world.ts';
import type { StopMode } from '../../engine/loop.ts';
import { earliest } from '../../core/plan/timers.ts';
import type { Answerer, BegunAnswer, BegunAnswers } from '../../engine/parts.ts';
import type { AccountWait } from './role-account.ts';

/** Beside the tasks' own `max_concurrency`: an answer lets a task go on, so it should not queue behind. */
const CONCURRENCY = 2;

export interface InlineHooks {
  onEnded?: ((interruptId: string, result: AssistantResult) => void) | undefined;
}

export class InlineAssistants implements Answerer {
  readonly #world: World;
  readonly #paths: RunPaths;
  readonly #hooks: InlineHooks;
  /**
   * Each question is tried once by an engine, and again where it waits for a usage limit to end; null: the next engine,
   * or `inbox worker`, may try again.
   */
  readonly #tried = new Map<string, AccountWait | null>();
  /** Accounts that were limited, and of which somebody finds out whether they still are. */
  readonly #tries = new Set<string>();
  #active = 0;

  constructor(world: World, paths: RunPaths, hooks: InlineHooks) {
    this.#world = world;
    this.#paths = paths;
    this.#hooks = hooks;
  }

  begin(state: RunState): BegunAnswers {
    const answers: BegunAnswer[] = [];
    let wakeAt: string | null = null;
    for (const [id, { interrupt }] of state.interrupts) {
      if (interrupt.status !== 'open' || interrupt.audience !== 'assistant') continue;
      const wait = this.#tried.get(id);
      if (wait === null) continue;
      const until = wait?.until() ?? null;
      if (until !== null && until > this.#world.clock.now()) {
        // An answer that nobody goes on with any more is not waited for.
        if (isUnsettled(state, interrupt.instance_id)) wakeAt = earliest(wakeAt, until);
        continue;
      }
      const tries = wait !== undefined && until !== null ? wait.account : null;
      if (this.#active >= CONCURRENCY || (tries !== null && this.#tries.has(tries))) continue;
      this.#tried.set(id, null);
      answers.push(this.#answer(id, tries));
    }
    return { answers, wakeAt };
  }

  #answer(interruptId: string, tries: string | null): BegunAnswer {
    this.#active += 1;
    if (tries !== null) this.#tries.add(tries);
    const begun = import('./answer-by-assistant.ts').then(({ answerByAssistant }) =>
      answerByAssistant(this.#world, this.#paths, interruptId, { command: 'run (inline)' }),
    );
    const ended = begun
      .then((answering) => answering.ended)
      .then((result) => {
        if (result.kind === 'failed') this.#tried.set(interruptId, result.wait);
        this.#hooks.onEnded?.(interruptId, result);
      })
      .finally(() => {
        this.#active -= 1;
        if (tries !== null) this.#tries.delete(tries);
      });
    const stop = (mode: StopMode): void => {
      begun.then(
        (answering) => answering.stop(mode),
        () => undefined,
      );
    };
    return { ended, stop };
  }
}

function isUnsettled(state: RunState, instanceId: string | null): boolean {
  const status = state.instances.get(instanceId ?? '')?.status;
  return status !== undefined && !['done', 'failed', 'skipped'].includes(status);
}
