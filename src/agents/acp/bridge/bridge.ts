/**
 * The bridge of one attempt: the client of an agent that ends with its client, in a process that no engine's end
 * ends. It tells what the agent does (events.ts), answers it, and ends it with all that it has started.
 */
import type { Usage } from '../../../model/run.ts';
import { beginning } from '../../../text/width.ts';
import { recordOf, recordsIn, textOf, type Fields } from '../../output/fields.ts';
import { startAgent, type AgentProcess } from './agent-process.ts';
import type { BridgeOrder } from './bridge-order.ts';
import { Connection, METHOD_NOT_FOUND, RpcError } from './connection.ts';
import { clipped, type BridgeEvent, type TurnEnded } from './events.ts';
import { answerPermission, isRefused } from './permissions.ts';
import { TurnMeter } from './turn-meter.ts';
import { runTurn, TurnFailure } from './turn.ts';
import { createUpdates } from './updates.ts';

/** What a bridge needs of the machine. */
export interface BridgeWorld {
  prompt: string;
  /** The agent's. */
  env: NodeJS.ProcessEnv;
  /** Keeps what the agent does. */
  emit(event: BridgeEvent): void;
  /** Keeps one message of the protocol, as it came. */
  keep(from: 'agent' | 'client', line: string): void;
  /** The agent has written something. */
  onSign(): void;
  /** Ends what the agent has started outside of its group. */
  endStrays(): Promise<void>;
}

/** An agent whose turn is over is given so long to end by itself. */
const LEAVING_MS = 3000;
/** That something comes which is not whole yet is told once in so long. */
const STREAMING_MS = 1000;
/** Who asks so often for permission, and neither does nor says anything in between, does nothing else any more. */
const MOST_ASKED = 500;
/** How long a session that was loaded must be silent to be whole. */
const SETTLED_MS = 1000;
/** Longer than a killed process takes to be gone. */
const KILLED_MS = 1000;
/** How often it is looked whether an agent has kept its session, and for how long at most. */
const KEPT_POLL_MS = 50;
const LISTED_WITHIN_MS = 3000;
/** Where it is known to come, on a machine that is busy. */
const WRITTEN_WITHIN_MS = 15_000;

export class Bridge {
  readonly #order: BridgeOrder;
  readonly #world: BridgeWorld;
  readonly #agent: AgentProcess;
  readonly #connection: Connection;
  readonly #updates = createUpdates((event) => this.#emit(event));
  readonly #asked: Promise<void>;
  #ask: () => void = () => undefined;
  #isStopping = false;
  /** Of a turn under way. */
  #sessionId: string | null = null;
  /** Whether the agent lists the sessions that it has kept. */
  #listsSessions = false;
  /** Not before it: what comes then is of earlier turns. */
  #isPrompted = false;
  #refused: string | null = null;
  #askedInARow = 0;
  #isStreamingTold = false;
  #onUpdate: () => void = () => undefined;
  #meter: TurnMeter | null = null;

  constructor(order: BridgeOrder, world: BridgeWorld) {
    this.#order = order;
    this.#world = world;
    this.#asked = new Promise((resolve) => (this.#ask = resolve));
    this.#connection = new Connection({
      write: (line) => this.#agent.write(line),
      onMessage: world.keep,
      onNotification: (method, params) => this.#hear(method, params),
      onRequest: (method, params) => this.#answer(method, params),
    });
    this.#agent = startAgent([...order.around, ...order.command], {
      cwd: order.cwd,
      env: world.env,
      onOutput: (bytes) => {
        world.onSign();
        this.#connection.push(bytes);
      },
    });
    void this.#agent.gone.then(({ how, wasStarted }) => {
      const reason = wasStarted ? 'agent_lost' : 'unusable';
      this.#connection.close(new TurnFailure(reason, `the agent is gone: ${how}`));
    });
  }

  /** Carries the turn out, and ends the agent. Resolves with the exit status of the attempt. */
  async run(): Promise<number> {
    const ended = await this.#turn();
    this.#updates.flush();
    this.#meter?.lookLast();
    const { limits } = this.#updates;
    this.#emit(limits === null ? ended : { ...ended, limits });
    await this.#sessionIsKept(ended.usage);
    this.#meter?.close();
    await this.#endAgent();
    return ended.outcome === 'completed' ? 0 : 1;
  }

  /** Asks the agent to end its turn, and ends it, all within the grace. */
  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#cancel();
    this.#ask();
  }

  async #turn(): Promise<TurnEnded> {
    const turn = runTurn({
      order: this.#order,
      prompt: this.#world.prompt,
      connection: this.#connection,
      updates: this.#updates,
      emit: (event) => this.#emit(event),
      onPrompted: ({ id, agent, listsSessions }) => {
        this.#isPrompted = true;
        this.#sessionId = id;
        this.#listsSessions = listsSessions;
        this.#meter = this.#meterOf(id, agent);
        if (this.#isStopping) this.#cancel();
      },
      settled: () => this.#settled(),
      refused: () => this.#refused,
    }).catch((error: unknown) => turnFailed(error));
    const first = await Promise.race([turn, this.#asked]);
    if (first !== undefined) return first;
    const last = await Promise.race([turn, after(this.#order.graceMs * 0.4)]);
    return last?.outcome === 'completed' ? last : stopped(last);
  }

  #meterOf(id: string, agent: string): TurnMeter {
    const { sessionId, metered } = this.#order;
    const session = { id, agent, isNew: sessionId === null };
    const tell = (usage: Usage): void => this.#emit({ type: 'usage', usage });
    return new TurnMeter(session, this.#world.env, metered ? tell : null);
  }

  #cancel(): void {
    const sessionId = this.#sessionId;
    if (sessionId !== null) this.#connection.notify('session/cancel', { sessionId });
  }

  #hear(method: string, params: Fields): void {
    if (method !== 'session/update') return;
    this.#onUpdate();
    const update = recordOf(params['update']);
    if (isDone(update)) this.#askedInARow = 0;
    // What the session has cost so far is told while it is taken up, too.
    if (this.#isPrompted || update['sessionUpdate'] === 'usage_update') {
      this.#updates.take(update);
    }
  }

  #answer(method: string, params: Fields): object {
    if (method !== 'session/request_permission') {
      throw new RpcError(METHOD_NOT_FOUND, `"${method}" is not offered`);
    }
    this.#askedInARow += 1;
    const { title, kind, id } = this.#updates.toolOf(recordOf(params['toolCall']));
    const answer = answerPermission(this.#order, {
      kind,
      options: params['options'],
      isStopping: this.#isStopping,
    });
    const tool = title || id;
    if (this.#askedInARow > MOST_ASKED) {
      const message = `the agent asks for permission again and again: ${beginning(tool, 200)}`;
      this.#connection.close(new TurnFailure('refused', message));
    }
    if (isRefused(answer)) this.#refused = beginning(tool, 200);
    const { optionKind, rule, outcome } = answer;
    this.#emit({ type: 'permission_answered', tool, kind, option_kind: optionKind, rule });
    return { outcome };
  }

  #emit(event: BridgeEvent): void {
    if (event.type === 'streaming') {
      if (this.#isStreamingTold) return;
      this.#isStreamingTold = true;
      setTimeout(() => (this.#isStreamingTold = false), STREAMING_MS).unref();
    }
    this.#world.emit(event);
  }

  /** Some replay on after they have answered. */
  #settled(): Promise<void> {
    return new Promise((resolve) => {
      let timer = setTimeout(resolve, SETTLED_MS);
      this.#onUpdate = () => {
        clearTimeout(timer);
        timer = setTimeout(resolve, SETTLED_MS);
      };
    });
  }

  /**
   * Until the agent has written all of the turn, as far as that can be seen, or lists the session; or for a while.
   * claude-agent-acp 0.49.0 answers before the program that it runs has written what it answers with, and would take
   * that down with itself. `told`: what the turn used.
   */
  async #sessionIsKept(told: Usage | null): Promise<void> {
    const isToCome = told !== null && this.#meter?.isCounting === true;
    const isLate = after(isToCome ? WRITTEN_WITHIN_MS : LISTED_WITHIN_MS).then(() => true);
    const isOver = Promise.race([isLate, this.#asked.then(() => true)]);
    while (!this.#isStopping) {
      const hasAll = told === null ? null : (this.#meter?.hasAll(told) ?? null);
      if (hasAll === true) return;
      if (hasAll === null && (await Promise.race([this.#isListed(), isOver]))) return;
      if (await Promise.race([after(KEPT_POLL_MS), isOver])) return;
    }
  }

  /** Whether the agent lists the session, or does not say: then there is nothing to wait for. */
  async #isListed(): Promise<boolean> {
    if (!this.#listsSessions) return true;
    const listing = this.#connection.request('session/list', { cwd: this.#order.cwd });
    const listed = await listing.catch(() => null);
    const sessions = recordsIn(recordOf(listed)['sessions']);
    return listed === null || sessions.some(({ sessionId }) => sessionId === this.#sessionId);
  }

  /** The end of its input first: on a signal some leave what they run behind. */
  async #endAgent(): Promise<void> {
    const { gone } = this.#agent;
    const share = (part: number): number =>
      this.#isStopping ? this.#order.graceMs * part : LEAVING_MS;
    const isGone = async (withinMs: number): Promise<boolean> =>
      (await Promise.race([gone, after(withinMs)])) !== undefined;
    this.#agent.closeInput();
    if (!(await isGone(share(0.2)))) {
      this.#agent.signal('SIGTERM');
      await isGone(share(0.2));
    }
    this.#agent.signal('SIGKILL');
    await isGone(KILLED_MS);
    await this.#world.endStrays();
  }
}

/** Whether something was said, or a call of a tool came to its end. */
function isDone({ sessionUpdate, status }: Fields): boolean {
  return status === 'completed' || /_chunk$/.test(textOf(sessionUpdate));
}

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => void setTimeout(() => resolve(undefined), ms).unref());
}

function stopped(turn: TurnEnded | undefined): TurnEnded {
  return {
    type: 'turn_ended',
    outcome: 'failed',
    cause: 'stopped',
    message: 'the attempt was stopped',
    stop_reason: turn?.stop_reason ?? null,
    usage: turn?.usage ?? null,
  };
}

function turnFailed(error: unknown): TurnEnded {
  const message = clipped(error instanceof Error ? error.message : String(error));
  const failed = {
    type: 'turn_ended',
    outcome: 'failed',
    message,
    stop_reason: null,
    usage: null,
  } as const;
  if (error instanceof RpcError) {
    const { code, data } = error;
    const told = JSON.stringify(data) ?? '';
    const isShort = told !== '' && clipped(told) === told;
    return { ...failed, cause: 'error', code, ...(isShort ? { data } : {}) };
  }
  return { ...failed, cause: error instanceof TurnFailure ? error.reason : 'error' };
}
