/**
 * A night without a person, section 18 of the contract, with the real Codex CLI: items in trees of their own, and all
 * that goes wrong with agents, engines and machines. What happens is decided by what the command of an item prints: see
 * the model server. The clock of the program is moved where nothing goes on but time.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notificationOf, type Notification } from '../../src/app/notify/message.ts';
import type { RunEvent } from '../../src/core/events/events.ts';
import { replay } from '../../src/core/events/evolve.ts';
import { waitingUntil } from '../../src/core/state/standing.ts';
import { effectiveValues, type RunState } from '../../src/core/state/run-state.ts';
import type { Instance } from '../../src/model/run.ts';
import { makeRepository, testEnv } from '../git/made-repository.ts';
import { codexOrch, testDirectory, until, writeFiles } from '../support/built-program.ts';
import { cases } from '../support/cases.ts';
import { codexHome, sandboxProblem } from '../support/codex.ts';
import { modelScript, startModelServer, type ModelServer } from '../support/model-server.ts';
import { buildOnMovedClock, type OnMovedClock } from '../support/on-moved-clock.ts';

const root = testDirectory('night-codex');
const problem = sandboxProblem(path.join(root, 'probe-home'));
if (problem !== null) process.stderr.write(`\n*** SKIPPED: no Codex sandbox here: ${problem}\n\n`);

let model: ModelServer;
let late: OnMovedClock;
let hook: Server;
let current: Night | null = null;
const letters: Notification[] = [];
beforeAll(async () => {
  model = await startModelServer();
  late = await buildOnMovedClock(path.join(root, 'dist'));
  hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      letters.push(JSON.parse(body) as Notification);
      response.end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await (current as Night | null)?.end();
  hook.closeAllConnections();
  hook.close();
  await model.stop();
  rmSync(root, { recursive: true, force: true });
});

const HOUR_MS = 3600_000;
/** Of each answer but one; see the model server. */
const [INPUT, CACHED, OUTPUT] = [100, 40, 20];
/** By that one, more than an instance may use. */
const SPENT = 5000;
/** A command without end. Codex looks at it every half minute, and finds that the model wants it once more. */
const endless = (script: string) => ({ exec: `sh ${script}`, args: { yield_time_ms: 600_000 } });
const [STANDS, MOVES] = [endless('stands.sh'), endless('moves.sh')];

/** Shorter than that, and as long as a slow machine may need for a command that ends. */
const COMMAND_TIMEOUT_SEC = 25;

const ITEMS = cases({ few: 14, many: 40 });
const [stalls, refused, cheats, spends, limited, lost] = [2, 3, 4, 6, 9, ITEMS - 1];
/** So many are done when the engine is killed. */
const KILLED_AT = 4;

/** What the command of an item prints: the model's next answer. */
const trouble: Record<number, object> = {
  [stalls]: STANDS,
  [refused]: { http: 429, body: { error: { message: 'slow down' } } },
  [spends]: { ...MOVES, usage: { input_tokens: SPENT } },
  [limited]: {
    ...{ http: 429 },
    body: {
      error: {
        ...{ type: 'usage_limit_reached', plan_type: 'plus' },
        resets_at: Math.floor((Date.now() + 5 * HOUR_MS) / 1000),
      },
    },
  },
  [lost]: MOVES,
};

/**
 * Does the work of an item, but for one, which says nothing and does nothing. What is to stand still does so once Codex has
 * come to rest: a hundredth of a core over the limit, which its start may take on a busy machine, is a sign of life.
 */
const doScript = `item=$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/job_index.json")
[ "$item" = ${cheats} ] && exit
echo done > "item-$item.txt"
[ "$item" = ${stalls} ] && sleep 8
case $item in
${Object.entries(trouble)
  .map(([item, step]) => `${item}) echo 'FAKE:${JSON.stringify(step)}';;`)
  .join('\n')}
esac
`;
const mend = modelScript([{ exec: `echo mended > item-${cheats}.txt` }, { text: 'mended' }]);
const standsScript = `echo 'FAKE:${JSON.stringify(STANDS)}'
sleep 600
`;
const movesScript = `echo 'FAKE:${JSON.stringify(MOVES)}'
while sleep 1; do date > "$CODEX_ORCH_ATTEMPT_DIR/beat"; done
`;
const checkScript = `ls item-*.txt > /dev/null 2>&1 && exit
echo '${mend}'
exit 1
`;

class Night {
  readonly directory = path.join(root, 'program');
  readonly repo = makeRepository();
  readonly env: NodeJS.ProcessEnv;
  /** By how much the program's clock is ahead. */
  #aheadMs = 0;
  #engine: { child: ChildProcess; ended: Promise<number | null> } | null = null;

  constructor() {
    const { repo } = this;
    repo.write('do.sh', doScript);
    repo.write('stands.sh', standsScript);
    repo.write('moves.sh', movesScript);
    repo.write('check.sh', checkScript);
    repo.commit('first');
    this.env = {
      ...{ ...testEnv, ...late.env, TZ: 'UTC' },
      ...codexHome(path.join(root, 'codex-home'), model.port),
      ...{ HOME: path.join(root, 'no-home'), CODEX_ORCH_GLOBAL_ROOT: path.join(root, 'global') },
    };
    // On a busy machine an answer may come late.
    const config = path.join(root, 'codex-home', 'config.toml');
    const patient = readFileSync(config, 'utf8').replace(
      /(stream_idle_timeout_ms = ).*/,
      '$160000',
    );
    writeFileSync(config, patient);
    const { port } = hook.address() as AddressInfo;
    writeFiles(this.directory, {
      'project.yaml': {
        ...{ name: 'night', edition: 2, workspace: repo.dir, isolation: 'tree' },
        ...{
          max_concurrency: 4,
          node_terminate_grace_sec: 2,
          command_timeout_sec: COMMAND_TIMEOUT_SEC,
        },
        retry: { max_attempts: 2, delay_sec: 60 },
        prices: { '*': { input: 1, cached_input: 0.5, output: 10 } },
        notify: [
          {
            on: ['question', 'failed', 'done', 'budget', 'usage_limit', 'stalled'],
            to: { webhook: `http://127.0.0.1:${port}/` },
          },
        ],
      },
      'tasks/job.yaml': {
        ...{ id: 'job', title: 'job', status: 'ready' },
        for_each: {
          items: Array.from({ length: ITEMS }, (_, at) => at),
          as: 'job',
          ask_above: null,
        },
        budget: { tokens: 3000 },
        checks: [{ run: 'sh check.sh' }],
        compose: [
          { kind: 'ref', ref: 'inputs.job_index' },
          { kind: 'literal', text: `Do it.\n${modelScript([{ exec: 'sh do.sh' }])}` },
        ],
      },
    });
  }

  /** An engine in the foreground. */
  drive(...words: string[]): void {
    const child = spawn(process.execPath, [late.entry, 'run', ...words], {
      ...{ cwd: this.directory, env: this.env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    this.#engine = { child, ended };
  }

  get ended(): Promise<number | null> {
    return this.#engine?.ended ?? Promise.resolve(null);
  }

  async kill(): Promise<void> {
    this.#engine?.child.kill('SIGKILL');
    await this.ended;
  }

  /** Where it did not come to its end. */
  async end(): Promise<void> {
    await this.kill();
    await this.cli('run', 'abort', 'latest');
  }

  get hasEnded(): boolean {
    const { exitCode, signalCode } = this.#engine?.child ?? { exitCode: 0, signalCode: null };
    return exitCode !== null || signalCode !== null;
  }

  cli(...words: string[]) {
    return codexOrch(words, { cwd: this.directory, env: this.env });
  }

  /** The directory of the run; empty before there is one. */
  get run(): string {
    const runs = path.join(this.directory, '.runs');
    const [id] = existsSync(runs) ? readdirSync(runs).filter((name) => !name.startsWith('.')) : [];
    return id === undefined ? '' : path.join(runs, id);
  }

  /** Whole lines; one that is being written is left out. */
  get events(): RunEvent[] {
    const log = path.join(this.run, 'events.jsonl');
    if (this.run === '' || !existsSync(log)) return [];
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as RunEvent);
  }

  /** Waits until the run has come there; where it waits for nothing but time, that passes. */
  async reaches(there: (instances: Instance[], state: RunState) => boolean): Promise<void> {
    await until(() => {
      const { events } = this;
      const state = events.length < 2 ? null : replay(events);
      if (state === null) return null;
      const instances = [...state.instances.values()];
      if (there(instances, state)) return true;
      if (this.hasEnded) throw new Error(`the engine has ended: ${JSON.stringify(state.counts)}`);
      const at = waitingUntil(state);
      if (at !== null && state.counts.running === 0) this.#passUntil(at);
      return null;
    });
  }

  #passUntil(at: string): void {
    const aheadMs = Date.parse(at) - Date.now() + 1000;
    if (aheadMs <= this.#aheadMs) return;
    this.#aheadMs = aheadMs;
    late.move(aheadMs);
  }

  get aheadMs(): number {
    return this.#aheadMs;
  }

  /** As a file in the inbox, which anybody may drop there. */
  answer(interruptId: string, text: string): void {
    const file = path.join(this.run, 'inbox', 'replies', `${interruptId}.json`);
    writeFileSync(file, JSON.stringify({ text }));
  }

  /** The process group of the first attempt of an instance, once its endless command is at work. */
  async atWork(instanceId: string): Promise<number> {
    const place = path.join(this.run, 'control', instanceId, '0001');
    return until(() => {
      const [runtime, output] = ['runtime.json', 'events.jsonl'].map((name) =>
        path.join(place, name),
      );
      if (!existsSync(runtime ?? '') || !existsSync(output ?? '')) return null;
      if (!readFileSync(output ?? '', 'utf8').includes('moves.sh')) return null;
      return (JSON.parse(readFileSync(runtime ?? '', 'utf8')) as { pid: number }).pid;
    });
  }
}

/** What the model's server has answered, and was asked for. */
async function answered() {
  const asked = (await model.requests()).filter(({ step }) => step !== 'other');
  const answers = asked.filter(({ what = '' }) => !what.includes('"http":429'));
  const dear = answers.filter(({ what = '' }) => what.includes('"usage"')).length;
  return {
    asked,
    input_tokens: (answers.length - dear) * INPUT + dear * SPENT,
    cached_input_tokens: answers.length * CACHED,
    output_tokens: answers.length * OUTPUT,
  };
}

const done = (instances: Instance[]) => instances.filter(({ status }) => status === 'done').length;

describe.skipIf(problem !== null)('18. A night', () => {
  it(
    'ends done and verified, each attempt once, nothing asked twice',
    { timeout: 600_000 },
    async () => {
      const night = new Night();
      current = night;
      night.drive('start', '--root', 'job');
      await night.reaches((instances) => done(instances) >= KILLED_AT);
      await night.kill();

      night.drive('resume', 'latest');
      let asked = '';
      await night.reaches((instances, state) => {
        const open = [...state.interrupts.values()].find(
          ({ interrupt }) => interrupt.status === 'open',
        );
        if (open !== undefined && asked === '') {
          asked = open.interrupt.interrupt_id;
          expect(open.interrupt.subject).toBe('budget');
          night.answer(asked, 'grant tokens=5000');
        }
        return asked !== '' && done(instances) === ITEMS - 1 && state.counts.running === 1;
      });
      expect(night.aheadMs).toBeGreaterThan(4 * HOUR_MS);

      // The machine goes down while the last item is at work.
      const working = [...replayed(night).instances.values()].find(
        ({ status: s }) => s === 'running',
      );
      const group = await night.atWork(working?.instance_id ?? '');
      await night.kill();
      process.kill(-group, 'SIGKILL');
      night.drive('resume', 'latest', '--orphaned');
      await night.reaches((_, { counts }) => counts.done === ITEMS);
      expect(await night.ended).toBe(0);
      const verified = await night.cli('run', 'verify', 'latest');
      expect(verified.code, verified.stdout).toBe(0);

      // Each attempt once: one of each item, and one more where there was trouble, in the same session.
      const state = replayed(night);
      const { events } = night;
      const troubled = [stalls, refused, cheats, spends, limited, lost];
      for (const {
        attempts,
        input_scope_id: scope,
        session_id: session,
      } of state.instances.values()) {
        const index = effectiveValues(state, scope)['job_index'] as number;
        expect(attempts, `item ${index}`).toHaveLength(troubled.includes(index) ? 2 : 1);
        expect(new Set(attempts.map(({ session_id: id }) => id))).toEqual(new Set([session]));
      }
      const begun = events.flatMap((event) =>
        event.event_type === 'attempt_started'
          ? [`${event.instance_id ?? ''}/${event.payload.attempt}`]
          : [],
      );
      expect([begun.length, new Set(begun).size]).toEqual([ITEMS + 6, ITEMS + 6]);

      // Nothing asked twice: the first answer of each session once, and all that was answered is charged once.
      const { asked: requests, ...total } = await answered();
      const first = requests.filter(
        ({ step, what = '' }) => step === 'inline[0]' && what.includes('do.sh'),
      );
      expect([first.length, new Set(first.map(({ thread }) => thread)).size]).toEqual([
        ITEMS,
        ITEMS,
      ]);
      const cost = JSON.parse((await night.cli('run', 'cost', 'latest', '--json')).stdout) as Costs;
      const charged = cost.total;
      expect(charged).toMatchObject({ attempts: ITEMS + 6, unpriced_attempts: 0 });
      // An agent that is killed as an answer comes has not kept it: at most the last one of each that was.
      const unkept = (total.output_tokens - charged.output_tokens) / OUTPUT;
      expect([0, 1, 2, 3]).toContain(unkept);
      expect(total.input_tokens - charged.input_tokens).toBe(unkept * INPUT);
      expect(total.cached_input_tokens - charged.cached_input_tokens).toBe(unkept * CACHED);
      const { input_tokens: input, cached_input_tokens: cached, output_tokens: output } = charged;
      const usd = ((input - cached) * 1 + cached * 0.5 + output * 10) / 1_000_000;
      expect(charged.cost_usd).toBeCloseTo(usd, 9);
      const rows = cost.rows.reduce((sum, row) => sum + row.cost_usd, 0);
      expect(rows).toBeCloseTo(charged.cost_usd, 9);

      // What "done" stands on: all checks held in the end, and one had failed before.
      const exits = events.flatMap((event) =>
        event.event_type === 'check_finished' ? [event.payload.exit] : [],
      );
      expect([exits.length, exits.filter((exit) => exit !== 0)]).toEqual([ITEMS + 1, [1]]);
      const sinceMs = Date.parse(state.updatedAt) - Date.parse(state.createdAt);
      expect(sinceMs).toBeGreaterThan(4.5 * HOUR_MS);

      // Who was told of what, in order, at least once.
      await until(async () => {
        if (letters.some(({ kind }) => kind === 'done')) return true;
        await night.cli('run', 'resume', 'latest');
        return null;
      });
      const story = [...new Map(letters.map((letter) => [letter.seq, letter])).values()];
      expect(story.map(({ seq }) => seq)).toEqual(
        story.map(({ seq }) => seq).sort((a, b) => a - b),
      );
      expect(story.map(({ seq }) => seq)).toEqual(toBeTold(night, state));
      expect(story.map(({ kind }) => kind).sort()).toEqual([
        'budget',
        'done',
        'stalled',
        'usage_limit',
      ]);
      expect(story.at(-1)?.kind).toBe('done');

      // In the morning the person takes what came of it.
      const taken = await night.cli('run', 'integrate', 'latest');
      expect(taken.code, taken.stderr).toBe(0);
      const files = readdirSync(night.repo.dir).filter((name) => /^item-\d+\.txt$/.test(name));
      expect(files).toHaveLength(ITEMS);
    },
  );
});

interface Costs {
  total: {
    attempts: number;
    cost_usd: number;
    input_tokens: number;
    cached_input_tokens: number;
    output_tokens: number;
  };
  rows: { cost_usd: number }[];
}

function replayed({ events }: Night): RunState {
  const state = replay(events);
  if (state === null) throw new Error('nothing has begun');
  return state;
}

/** The events that a person wants to hear of, by their numbers. */
function toBeTold({ directory, events }: Night, state: RunState): number[] {
  const run = {
    ...{ programDir: directory, runId: state.runId, plan: state.plan },
    taskOf: (id: string) => state.instances.get(id)?.task_id ?? null,
  };
  return events.filter((event) => notificationOf(run, event) !== null).map(({ seq }) => seq);
}
