/**
 * One turn of an agent: handshake, session, prompt, and what its answer is worth. Version 1 of the protocol
 * (https://agentclientprotocol.com), and of that what the agent says it can.
 */
import { isJsonObject } from '../../../model/json.ts';
import { recordOf, recordsIn, textOf, type Fields } from '../../output/fields.ts';
import { knownAgent } from '../known-agents.ts';
import type { BridgeOrder } from './bridge-order.ts';
import { RpcError, type Connection } from './connection.ts';
import type { BridgeEvent, FailureCause, TurnEnded } from './events.ts';
import type { Updates } from './updates.ts';
import { turnCost, turnUsage } from './usage.ts';

const PROTOCOL_VERSION = 1;

/** Why a turn cannot go on, as the bridge itself sees it. */
export class TurnFailure extends Error {
  readonly reason: FailureCause;

  constructor(reason: FailureCause, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface TurnParts {
  order: BridgeOrder;
  prompt: string;
  connection: Connection;
  updates: Updates;
  emit(event: BridgeEvent): void;
  /** As soon as it is known, so that the turn can be cancelled. `listsSessions`: the agent lists those that it has kept. */
  onPrompted(session: { id: string; agent: string; listsSessions: boolean }): void;
  /** Resolves when the agent has been silent for a while after it took up a session. */
  settled(): Promise<void>;
  /** A request for permission that was refused since the agent last spoke; null: none. */
  refused(): string | null;
}

/** Rejects with a TurnFailure, an RpcError, or what the connection was closed for. */
export async function runTurn(parts: TurnParts): Promise<TurnEnded> {
  const { order, connection, updates, emit } = parts;
  const agent = await greet(order, connection);
  const { sessionId, setup } = await takeUpSession(parts, agent);
  await choose(order, connection, sessionId, setup);
  const costBefore = updates.costUsd;
  emit({ type: 'turn_started' });
  const { list } = recordOf(agent.capabilities['sessionCapabilities']);
  parts.onPrompted({ id: sessionId, agent: agent.name, listsSessions: isJsonObject(list) });
  const answer = recordOf(
    await connection.request('session/prompt', {
      sessionId,
      prompt: [{ type: 'text', text: parts.prompt }],
    }),
  );
  updates.flush();
  const isSumKnown = order.sessionId === null || knownAgent(agent.name).sumsUpProcess;
  const cost = turnCost(updates.costUsd, costBefore ?? (isSumKnown ? 0 : null));
  return judge(parts, answer, agent, cost);
}

interface Greeted {
  name: string;
  version: string;
  capabilities: Fields;
}

async function greet(order: BridgeOrder, connection: Connection): Promise<Greeted> {
  const answer = recordOf(
    await connection.request('initialize', {
      protocolVersion: PROTOCOL_VERSION,
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      clientInfo: { name: 'codex-orch', version: '1' },
    }),
  );
  const version = answer['protocolVersion'];
  if (version !== PROTOCOL_VERSION) {
    const message = `the agent speaks version ${JSON.stringify(version)} of the Agent Client Protocol, not ${PROTOCOL_VERSION}`;
    throw new TurnFailure('unusable', message);
  }
  const info = recordOf(answer['agentInfo']);
  const name = textOf(info['name']);
  if (order.mode !== null && name !== order.mode.agent) {
    const message = `the agent calls itself "${name}", not ${order.mode.agent}, as which it was started`;
    throw new TurnFailure('unusable', message);
  }
  const capabilities = recordOf(answer['agentCapabilities']);
  return { name, version: textOf(info['version']), capabilities };
}

/** A new session, or the one to go on with; of what is replayed of that, nothing is kept. */
async function takeUpSession(
  { order, connection, emit, settled }: TurnParts,
  { name, version, capabilities }: Greeted,
): Promise<{ sessionId: string; setup: Fields }> {
  const place = {
    cwd: order.cwd,
    mcpServers: serversOf(order.servers),
    ...rootsOf(order, capabilities),
  };
  const started = (sessionId: string, resumed: boolean): void =>
    emit({ type: 'session_started', session_id: sessionId, resumed, agent: name, version });
  const { sessionId: asked } = order;
  if (asked === null) {
    const setup = recordOf(await connection.request('session/new', place));
    const sessionId = textOf(setup['sessionId']);
    if (sessionId === '') throw new TurnFailure('unusable', 'the agent gave its session no id');
    started(sessionId, false);
    return { sessionId, setup };
  }
  const method = wayBack(name, capabilities);
  if (method === null) {
    throw new TurnFailure('session_lost', `the agent cannot go on with session ${asked}`);
  }
  try {
    const setup = recordOf(await connection.request(method, { sessionId: asked, ...place }));
    if (method === 'session/load') await settled();
    started(asked, true);
    return { sessionId: asked, setup };
  } catch (error) {
    if (!(error instanceof RpcError) || error.code === AUTHENTICATION_REQUIRED) throw error;
    throw new TurnFailure('session_lost', `session ${asked}: ${error.message}`);
  }
}

const AUTHENTICATION_REQUIRED = -32000;

/** How it takes up a session; null: it cannot, or not without harm. */
function wayBack(name: string, capabilities: Fields): 'session/resume' | 'session/load' | null {
  if (isJsonObject(recordOf(capabilities['sessionCapabilities'])['resume'])) {
    return 'session/resume';
  }
  const loads = capabilities['loadSession'] === true && knownAgent(name).loadsSafely;
  return loads ? 'session/load' : null;
}

/** Of what is told to an agent that holds its own sandbox, the attempt's directory is a part. */
function rootsOf(order: BridgeOrder, capabilities: Fields): { additionalDirectories?: string[] } {
  const takes = isJsonObject(
    recordOf(capabilities['sessionCapabilities'])['additionalDirectories'],
  );
  if (takes) return { additionalDirectories: [order.attemptDir, ...order.writableRoots] };
  if (!order.isHeld) return {};
  throw new TurnFailure('unusable', 'the agent takes no directories beside its workspace');
}

function serversOf(servers: BridgeOrder['servers']): object[] {
  return Object.entries(servers).map(([name, [command, ...args]]) => ({
    name,
    command,
    args,
    env: [],
  }));
}

/** Sets the mode and the model that the attempt is to have. They are not remembered with a session. */
async function choose(
  { mode, model }: BridgeOrder,
  connection: Connection,
  sessionId: string,
  setup: Fields,
): Promise<void> {
  if (mode !== null) {
    // Always, for it is what holds: an agent that does not know it answers with an error.
    await connection.request('session/set_mode', { sessionId, modeId: mode.mode });
  }
  if (model === null) return;
  const options = recordsIn(setup['configOptions']);
  const option = options.find(({ category }) => category === 'model');
  const configId = textOf(option?.['id']);
  if (configId === '') {
    const message = `the agent lets nobody choose its model; name "${model}" in its command or settings`;
    throw new TurnFailure('unusable', message);
  }
  if (option?.['currentValue'] === model) return;
  await connection.request('session/set_config_option', { sessionId, configId, value: model });
}

/** A stop reason is not believed without evidence: some answer `end_turn` where the call of their model failed. */
function judge(
  { order, updates, refused }: TurnParts,
  answer: Fields,
  { name }: Greeted,
  cost: { cost_usd?: number },
): TurnEnded {
  const stopReason = textOf(answer['stopReason']);
  const told = turnUsage(answer);
  const isWhole = knownAgent(name).tellsWholeTurns;
  const usage = told === null || !isWhole ? null : { ...told, ...cost };
  const failed = (cause: FailureCause, message: string): TurnEnded => ({
    type: 'turn_ended',
    outcome: 'failed',
    cause,
    message,
    stop_reason: stopReason,
    usage,
  });
  const tool = updates.hasSpoken ? null : refused();
  if (tool !== null && (stopReason === 'end_turn' || stopReason === 'cancelled')) {
    return failed('refused', `the agent ended its turn when it was refused: ${tool}`);
  }
  if (stopReason === 'cancelled') {
    return failed('stopped', 'the agent says that its turn was cancelled');
  }
  if (stopReason !== 'end_turn') {
    return failed('stop_reason', stopReasons[stopReason] ?? `its turn ended with "${stopReason}"`);
  }
  if (told === null && (answer['usage'] === null || order.toldUsage)) {
    const said = updates.lastMessage;
    return failed('no_evidence', said || 'the agent ended its turn without a call of its model');
  }
  if (told === null && !updates.sawWork) {
    return failed('no_evidence', 'the agent ended its turn without saying or doing anything');
  }
  return {
    type: 'turn_ended',
    outcome: 'completed',
    cause: null,
    message: null,
    stop_reason: stopReason,
    usage,
  };
}

const stopReasons: Readonly<Record<string, string | undefined>> = {
  max_tokens: 'the answer was cut off: the model may say no more at once',
  max_turn_requests: 'the agent reached its limit of calls of the model in a turn',
  refusal: 'the model refused',
};
