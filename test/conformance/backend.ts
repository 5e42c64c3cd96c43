/** What every backend holds to, as a list of checks: carried out by processes, with the agent's real program. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Backend } from '../../src/agents/backend.ts';
import { backendOf, backendOfRole } from '../../src/agents/backends.ts';
import { bareAgent } from '../../src/agents/resolve-agent.ts';
import { LocalExecutor } from '../../src/execution/local/executor.ts';
import type { AgentActivity } from '../../src/model/activity.ts';
import type { AttemptEnd, AttemptOrder } from '../../src/model/attempt.ts';
import { sandboxes, type AgentSpec } from '../../src/model/program.ts';
import { exists, read, until, type OrderChange } from '../execution/local/orders.ts';

/** What the agent of an order does. */
export type Does =
  | { says: string }
  /** A shell line, by itself or by the commands of its model; then it says "done". */
  | { runs: string }
  | { fails: true }
  /** For ever. */
  | { waits: true };

export interface BackendFixture {
  backend: Backend;
  /** In a fresh attempt directory. */
  order(does: Does, change?: OrderChange): AttemptOrder;
  /** Why its sandbox cannot be tried on this machine; null where it can. */
  sandboxProblem: string | null;
  /** Of an agent that ends before it has printed a line. */
  dies(): AttemptOrder;
  /** Why its program cannot be tried at all, where that is allowed. */
  missing?: string | null;
}

export interface BackendCheck {
  name: string;
  needsSandbox?: boolean;
  /** It is the backend's doing, whichever agent it drives. */
  ofBackend?: boolean;
  run(fixture: BackendFixture): Promise<void> | void;
}

/** As if an agent of that kind ran us. */
function executorWithin({ backend }: BackendFixture): LocalExecutor {
  const outer = Object.fromEntries(backend.ownVariables.map((name) => [name, 'outer']));
  return new LocalExecutor({ env: { ...process.env, ...outer }, launchers: [] });
}

async function runToEnd(fixture: BackendFixture, order: AttemptOrder): Promise<AttemptEnd> {
  return (await executorWithin(fixture).start(order, () => undefined)).ended;
}

async function lineOf(fixture: BackendFixture, order: AttemptOrder): Promise<string[]> {
  return (await commandLineOf(fixture, order)).argv;
}

async function commandLineOf({ backend }: BackendFixture, order: AttemptOrder) {
  const located = await backend.locate(order, { ...process.env, ...order.env });
  return backend.commandLine(order, located);
}

function messageOf({ final_message: message }: AttemptEnd): string | null {
  if (message === null) return null;
  return 'text' in message ? message.text : readFileSync(message.file, 'utf8');
}

export const backendChecks: BackendCheck[] = [
  {
    name: 'is in the table, by the names that authors give it',
    run({ backend }) {
      expect(backendOf(backend.name)).toBe(backend);
      if (backend.roleName !== null) expect(backendOfRole(backend.roleName)).toBe(backend);
      expect(backend.can.sandbox).toBe(backend.fields.agent.includes('sandbox'));
      for (const field of ['model', 'sandbox', 'run'] as const) {
        expect(backend.fields.task.includes(field)).toBe(backend.fields.agent.includes(field));
      }
    },
  },
  {
    name: 'makes the same command line of an order that was sent through JSON',
    async run(fixture) {
      const order = fixture.order({ says: 'x' });
      const sent = JSON.parse(JSON.stringify(order)) as AttemptOrder;
      expect(sent).toEqual(order);
      const argv = await lineOf(fixture, order);
      expect(await lineOf(fixture, sent)).toEqual(argv);
      expect(path.isAbsolute(argv[0] ?? '')).toBe(true);
    },
  },
  {
    name: 'hands on model, output schema and roots where it honours them, and no prompt',
    async run(fixture) {
      const { fields, can } = fixture.backend;
      const order = fixture.order({ says: 'x' }, { model: 'a-model', writableRoots: ['/a/root'] });
      const schema = path.join(order.controlDir, 'schema.json');
      writeFileSync(schema, '{"type":"object","required":["of-it"]}');
      order.outputSchemaFile = schema;
      writeFileSync(path.join(order.controlDir, 'prompt.md'), 'the prompt of it');
      const { argv, given } = await commandLineOf(fixture, order);
      const told = [...argv, ...Object.values(given)];
      const isNamed = (text: string): boolean => told.some((word) => word.includes(text));
      expect(isNamed('a-model')).toBe(fields.task.includes('model'));
      // The file, or what is in it.
      expect(isNamed(schema) || isNamed('of-it')).toBe(can.outputSchema);
      expect(isNamed('/a/root')).toBe(fields.task.includes('extra_writable_roots'));
      expect(told.join(' ')).not.toContain('the prompt of it');
    },
  },
  {
    name: 'ends well with what the agent said, and its use where it reports one',
    async run(fixture) {
      const heard: AgentActivity[] = [];
      const order = fixture.order({ says: 'all is well' });
      const handle = await executorWithin(fixture).start(order, (all) => heard.push(...all));
      const end = await handle.ended;
      expect(end).toMatchObject({ termination_reason: 'completed', return_code: 0 });
      expect(messageOf(end)?.trim()).toBe('all is well');
      expect(JSON.stringify(heard)).toContain('all is well');
      if (fixture.backend.can.usage) expect(end.usage?.input_tokens).toBeGreaterThan(0);
      else expect(end.usage).toBeNull();
      expect(end.session_id !== null).toBe(fixture.backend.can.session);
    },
  },
  {
    name: 'reads whatever comes, and takes none of it for an end',
    run({ backend }) {
      const reader = backend.reader();
      for (const line of ['', '{', 'null', '[]', '"text"', '{"type":7}', '\0', '\u{FFFD}', '{}']) {
        reader.push(line);
      }
      expect(reader.summary()).toMatchObject({ turn: 'open', usage: null, sessionId: null });
    },
  },
  {
    name: 'gives a failure a kind, and one line for a person',
    async run(fixture) {
      const end = await runToEnd(fixture, fixture.order({ fails: true }));
      expect(end).toMatchObject({ termination_reason: 'nonzero_exit', session_lost: false });
      expect(end.failure_kind).not.toBeNull();
      expect(end.failure_summary).toMatch(/^.{1,500}$/);
    },
  },
  {
    name: 'is asked to stop at once, then more plainly, all within the grace',
    run({ backend, order }) {
      for (const sandbox of sandboxes) {
        const given = order({ says: 'x' }, { sandbox });
        const times = backend.stopping(given).map(({ afterMs }) => afterMs);
        expect(times[0]).toBe(0);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
        expect(times.at(-1)).toBeLessThan(given.graceMs);
      }
    },
  },
  {
    name: 'works on when its engine is gone, is found again, and begins no second time',
    async run(fixture) {
      const line = 'echo x >> "$PLACE/begun"; until [ -e "$PLACE/go" ]; do sleep 0.1; done';
      const order = fixture.order({ runs: line }, { sandbox: 'danger-full-access' });
      order.env['PLACE'] = order.attemptDir;
      const begun = path.join(order.attemptDir, 'begun');
      const handle = await executorWithin(fixture).start(order, () => undefined);
      await until('it has begun', () => existsSync(begun));
      handle.detach();
      const found = await executorWithin(fixture).find(order, () => undefined);
      if (found.kind !== 'running') throw new Error(found.kind);
      writeFileSync(path.join(order.attemptDir, 'go'), '');
      expect(await found.handle.ended).toMatchObject({ termination_reason: 'completed' });
      expect(readFileSync(begun, 'utf8')).toBe('x\n');
    },
  },
  {
    name: 'is killed with all that it runs',
    async run(fixture) {
      const line = 'echo $$ > "$CODEX_ORCH_ATTEMPT_DIR/own"; exec sleep 300';
      const order = fixture.order({ runs: line }, { sandbox: 'danger-full-access' });
      const own = path.join(order.attemptDir, 'own');
      const handle = await executorWithin(fixture).start(order, () => undefined);
      const pid = await until('it runs', () => existsSync(own) && Number(read(order, 'own')));
      handle.stop('terminated', 'kill');
      expect(await handle.ended).toMatchObject({ failure_kind: 'interrupted' });
      await until('nothing of it is left', () => !exists(pid));
    },
  },
  {
    name: 'stops when it is asked, is worth resuming, and leaves no litter',
    async run(fixture) {
      const order = fixture.order({ waits: true }, { graceMs: 20_000 });
      const { leaves } = fixture.backend;
      for (const name of leaves) mkdirSync(path.join(order.attemptDir, name), { recursive: true });
      const handle = await executorWithin(fixture).start(order, () => undefined);
      const runtime = path.join(order.controlDir, 'runtime.json');
      await until('it is seen to live', () => existsSync(runtime));
      handle.stop('terminated', 'ask');
      const end = await handle.ended;
      expect(end).toMatchObject({ failure_kind: 'interrupted', resume_recommended: true });
      expect(end.return_code).not.toBe(137);
      for (const name of leaves) expect(existsSync(path.join(order.attemptDir, name))).toBe(false);
    },
  },
  {
    name: 'goes on with its session and counts each attempt alone, or has none',
    async run(fixture) {
      const before = fixture.order({ says: 'first' });
      const first = await runToEnd(fixture, before);
      if (!fixture.backend.can.session) return expect(first.session_id).toBeNull();
      const { session_id: sessionId, usage: previousUsage } = first;
      // In the same workspace: some keep their sessions by it.
      const { cwd } = before;
      const order = fixture.order({ says: 'second' }, { sessionId, previousUsage, cwd });
      const second = await runToEnd(fixture, order);
      expect(second).toMatchObject({ termination_reason: 'completed', session_id: sessionId });
      expect(messageOf(second)).toBe('second');
      // Not what it cost: the first time, some ask for the title of a session besides.
      const tokens = ({ usage }: AttemptEnd) => usage && { ...usage, cost_usd: null };
      expect(tokens(second)).toEqual(tokens(first));
    },
  },
  {
    name: 'says of a session that is gone that it is, where it has sessions',
    async run(fixture) {
      if (!fixture.backend.can.session) return;
      const sessionId = '01a2b3c4-0000-7000-8000-000000000000';
      const end = await runToEnd(fixture, fixture.order({ says: 'never' }, { sessionId }));
      expect(end).toMatchObject({ session_lost: true, session_id: null });
      expect(end.failure_kind).toBe('session_lost');
    },
  },
  {
    name: 'takes a command that prints a line of 30 MB',
    ofBackend: true,
    async run(fixture) {
      const line = 'head -c 31457280 /dev/zero | tr "\\0" x; echo';
      const order = fixture.order({ runs: line }, { sandbox: 'danger-full-access' });
      expect((await runToEnd(fixture, order)).termination_reason).toBe('completed');
    },
  },
  {
    name: 'takes a prompt of a megabyte',
    ofBackend: true,
    async run(fixture) {
      const order = fixture.order({ says: 'all is well' });
      const file = path.join(order.controlDir, 'prompt.md');
      writeFileSync(file, `${'x'.repeat(1_000_000)}\n${readFileSync(file, 'utf8')}`);
      const end = await runToEnd(fixture, order);
      expect(end.termination_reason).toBe('completed');
      expect(messageOf(end)?.trim()).toBe('all is well');
    },
  },
  {
    name: 'says why an agent ended that never said a word',
    ofBackend: true,
    async run(fixture) {
      const end = await runToEnd(fixture, fixture.dies());
      expect(end).toMatchObject({ termination_reason: 'nonzero_exit', session_id: null });
      expect(['runner_invocation', 'agent_lost', 'task_runtime']).toContain(end.failure_kind);
      expect(end.failure_summary).toMatch(/^.{10,500}$/);
    },
  },
  {
    name: 'ends at its time limit, and where it says nothing any more',
    ofBackend: true,
    async run(fixture) {
      const limits = {
        wall_timeout: { wallTimeoutMs: 3000 },
        idle_timeout: { idleTimeoutMs: 5000 },
      };
      for (const [reason, limit] of Object.entries(limits)) {
        const end = await runToEnd(fixture, fixture.order({ waits: true }, limit));
        expect(end.termination_reason).toBe(reason);
        expect(['external_network', 'task_runtime']).toContain(end.failure_kind);
      }
    },
  },
  {
    name: 'starts the servers of tools that it is given, where it uses any, and shows nobody their environment',
    async run(fixture) {
      if (!fixture.backend.can.mcp) return;
      const script = path.resolve(import.meta.dirname, '..', 'support', 'tool-server.mjs');
      const order = fixture.order({ says: 'x' });
      const mark = path.join(order.cwd, 'mark');
      const mcp = { tools: { command: [process.execPath, script], env: { MARK: mark } } };
      const { settings } = fixture.order({ says: 'x' }, { agent: { mcp } });
      expect((await lineOf(fixture, { ...order, settings })).join(' ')).not.toContain(mark);
      await runToEnd(fixture, { ...order, settings });
      // The command lines of all that it was started by: every user of the machine can read them.
      expect(readFileSync(mark, 'utf8')).not.toContain(mark);
    },
  },
  {
    name: 'has the environment that its definition says, and no variables of an agent that runs us',
    async run(fixture) {
      const line = 'env > "$CODEX_ORCH_ATTEMPT_DIR/found"';
      const agent: Partial<AgentSpec> = {
        env: { set: { MINE: 'set' }, pass: null },
        wrap: ['env', 'WRAPPED=yes'],
      };
      const order = fixture.order({ runs: line }, { sandbox: 'danger-full-access', agent });
      expect((await runToEnd(fixture, order)).termination_reason).toBe('completed');
      const found = read(order, 'found');
      expect(found).toContain('MINE=set\n');
      expect(found).toContain('WRAPPED=yes\n');
      expect(found).toContain(`CODEX_ORCH_ATTEMPT_DIR=${order.attemptDir}`);
      expect(found).not.toMatch(/=outer$/m);
    },
  },
  {
    name: 'keeps what it runs inside a read-only sandbox, but for the attempt’s own directory',
    needsSandbox: true,
    async run(fixture) {
      const order = fixture.order(
        { runs: 'touch "$CODEX_ORCH_ATTEMPT_DIR/mine"; touch "$CONTROL/mine" "$WORKSPACE/mine"' },
        { sandbox: 'read-only' },
      );
      order.env['CONTROL'] = order.controlDir;
      order.env['WORKSPACE'] = order.cwd;
      expect((await runToEnd(fixture, order)).termination_reason).toBe('completed');
      expect(existsSync(path.join(order.attemptDir, 'mine'))).toBe(true);
      for (const directory of [order.controlDir, order.cwd]) {
        expect(existsSync(path.join(directory, 'mine')), directory).toBe(false);
      }
    },
  },
  {
    name: 'lets what it runs write to workspace, attempt and extra roots, and to nothing else',
    needsSandbox: true,
    async run(fixture) {
      const place = `${fixture.order({ says: 'x' }).cwd}-root`;
      mkdirSync(place);
      const line =
        'touch mine "$CODEX_ORCH_ATTEMPT_DIR/mine" "$ROOT/mine"; touch "$CONTROL/mine"; true';
      const order = fixture.order({ runs: line }, { writableRoots: [place] });
      Object.assign(order.env, { ROOT: place, CONTROL: order.controlDir });
      expect((await runToEnd(fixture, order)).termination_reason).toBe('completed');
      for (const directory of [order.cwd, order.attemptDir, place]) {
        expect(existsSync(path.join(directory, 'mine')), directory).toBe(true);
      }
      expect(existsSync(path.join(order.controlDir, 'mine'))).toBe(false);
    },
  },
  {
    name: 'tells the doctor what would stop it, each with a remedy',
    async run({ backend, order }) {
      const { env, programDir } = order({ says: 'x' });
      const machine = {
        env: { ...process.env, ...env },
        config: { sections: {}, problem: null },
        scratchParent: programDir,
      };
      const use = { agent: bareAgent(backend), run: null };
      for (const finding of await backend.doctor([use], machine)) {
        expect(finding.id).toMatch(/^[a-z]+(\.[a-z_]+)*$/);
        expect(finding.remedy === null).toBe(finding.ok);
      }
      // Where nothing uses it, nothing of it is missing.
      expect((await backend.doctor([], machine)).filter(({ ok }) => !ok)).toEqual([]);
    },
  },
];
