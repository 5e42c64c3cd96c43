/**
 * Section 19 of the contract: Codex plans, Claude Code builds, an agent over ACP reviews, and a shell decides; the real
 * programs against model servers, and the engine killed in each task. Where one is missing, this says so.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveAgents, type ServedAgents } from '../support/agents-env.ts';
import { bubblewrapProblem, realAgent, realAgentProblem, type RealAgent } from '../support/acp.ts';
import {
  builtEntry,
  codexOrch,
  testDirectory,
  until,
  writeFiles,
} from '../support/built-program.ts';
import { claudeSandboxProblem } from '../support/claude.ts';
import { sandboxProblem } from '../support/codex.ts';
import { modelScript, type ModelStep } from '../support/model-server.ts';

const root = testDirectory('every-agent');
const codexProblem = sandboxProblem(path.join(root, 'probe-home'));
let served: ServedAgents;

beforeAll(async () => {
  served = await serveAgents(root);
});
afterAll(async () => {
  await served.stop();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

/** What the model has its agent do first: it says that it has begun, once, and waits to be let go. */
function waiting(directory: string, task: string, then: string): string {
  return `echo begun >> "$CODEX_ORCH_ATTEMPT_DIR/begun"; until [ -e ${directory}/go-${task} ]; do sleep 0.1; done; ${then}`;
}

const verdict = {
  type: 'object',
  properties: { verdict: { enum: ['approve', 'reject'] } },
  required: ['verdict'],
  additionalProperties: false,
};

function program(reviewer: RealAgent): string {
  const directory = path.join(root, reviewer, 'program');
  const exec = (task: string, then: string): ModelStep => ({
    exec: waiting(directory, task, then),
    args: { yield_time_ms: 120_000 },
  });
  const bash = (task: string, then: string): ModelStep => ({
    bash: waiting(directory, task, then),
  });
  const task = (id: string, agent: string, steps: ModelStep[], fields: object): object => ({
    id,
    title: id,
    status: 'ready',
    agent,
    compose: [{ kind: 'literal', text: `Do it.\n${modelScript(steps)}` }],
    ...fields,
  });
  const says = reviewer === 'codex-acp' ? exec : bash;
  const approve = { text: 'Fine.\n```json\n{"verdict": "approve"}\n```' };
  mkdirSync(path.join(directory, '..', 'workspace'), { recursive: true });
  writeFiles(directory, {
    'project.yaml': {
      name: 'every agent',
      workspace: '../workspace',
      agents: {
        planner: { backend: 'codex' },
        builder: { backend: 'claude' },
        reviewer: { backend: 'acp', command: [realAgent(reviewer)], wrap: 'sandbox' },
      },
      prices: { '*': { input: 1_000_000, cached_input: 1_000_000, output: 1_000_000 } },
    },
    'schemas/verdict.json': verdict,
    'tasks/plan.yaml': task(
      'plan',
      'planner',
      [exec('plan', 'echo planned > plan.txt'), { text: 'Build it.' }],
      {},
    ),
    'tasks/implement.yaml': task(
      'implement',
      'builder',
      [bash('implement', 'echo built >> built.txt'), { text: 'It is built.' }],
      { depends_on: [{ task: 'plan', kind: 'context', consume: ['final.md'] }] },
    ),
    'tasks/review.yaml': task(
      'review',
      'reviewer',
      [says('review', 'cat built.txt; touch must-not-be'), approve],
      {
        sandbox: 'read-only',
        result_schema: 'schemas/verdict.json',
        publish: ['result.json'],
        depends_on: [{ task: 'implement', kind: 'order' }],
      },
    ),
    'tasks/gate.yaml': {
      id: 'gate',
      title: 'gate',
      status: 'ready',
      agent: 'shell',
      depends_on: [{ task: 'review', kind: 'context', consume: ['result.json'] }],
      compose: [{ kind: 'ref', ref: 'deps.review.result.verdict' }],
      run: waiting(directory, 'gate', `grep -rq approve "$CODEX_ORCH_ATTEMPT_DIR/context"`),
    },
  });
  return directory;
}

interface Shown {
  status: string;
  instances: Record<
    string,
    { instance_id: string; task_id: string; status: string; attempt: number }
  >;
}

async function json<T>(directory: string, ...words: string[]): Promise<T> {
  const { stdout, stderr } = await codexOrch([...words, '--json'], {
    cwd: directory,
    env: served.env,
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

/** The file in which a task's agent says that it has begun. */
function begunOf(directory: string, task: string): string | null {
  const runs = path.join(directory, '.runs');
  if (!existsSync(runs)) return null;
  const [run] = readdirSync(runs).filter((name) => /^\d/.test(name));
  if (run === undefined) return null;
  const instances = path.join(runs, run, 'instances');
  if (!existsSync(instances)) return null;
  const [instance] = readdirSync(instances).filter((name) => name.startsWith(`${task}-`));
  if (instance === undefined) return null;
  const file = path.join(instances, instance, 'attempts', '0001', 'begun');
  return existsSync(file) ? file : null;
}

const tasks = ['plan', 'implement', 'review', 'gate'];

describe.each(['claude-agent-acp'] as const)('19, reviewed by %s', (reviewer) => {
  const problem =
    codexProblem ?? claudeSandboxProblem() ?? realAgentProblem(reviewer) ?? bubblewrapProblem();
  if (problem !== null)
    process.stderr.write(`\n*** SKIPPED: every agent in one run: ${problem}\n\n`);

  it.skipIf(problem !== null)(
    'each agent does its part once, though the engine is killed in every task',
    async () => {
      const directory = program(reviewer);
      const checked = await codexOrch(['project', 'validate', '.'], {
        cwd: directory,
        env: served.env,
      });
      expect(checked.code, checked.stdout).toBe(0);
      for (const [index, task] of tasks.entries()) {
        const words =
          index === 0 ? ['run', 'start', '.', '--root', 'gate'] : ['run', 'resume', '.', 'latest'];
        const engine = spawn(process.execPath, [builtEntry, ...words], {
          cwd: directory,
          env: served.env,
          stdio: 'ignore',
        });
        const ended = new Promise((resolve) => engine.once('exit', resolve));
        await until(() => begunOf(directory, task) ?? (engine.exitCode === null ? null : 'over'));
        expect(engine.exitCode, task).toBeNull();
        engine.kill('SIGKILL');
        await ended;
        writeFileSync(path.join(directory, `go-${task}`), '');
      }
      const last = await codexOrch(['run', 'resume', '.', 'latest'], {
        cwd: directory,
        env: served.env,
      });
      expect(last.code, last.stderr).toBe(0);

      const shown = await json<Shown>(directory, 'run', 'show', '.', 'latest');
      expect(shown.status).toBe('done');
      for (const task of tasks) {
        const of = Object.values(shown.instances).filter(({ task_id: id }) => id === task);
        expect(of, task).toMatchObject([{ status: 'done', attempt: 1 }]);
        expect(readFileSync(begunOf(directory, task) ?? '', 'utf8'), task).toBe('begun\n');
      }
      const workspace = path.join(directory, '..', 'workspace');
      expect(readFileSync(path.join(workspace, 'built.txt'), 'utf8')).toBe('built\n');
      expect(readdirSync(workspace).sort()).toEqual(['built.txt', 'plan.txt']);
      const [{ instance_id: id = '' } = {}] = Object.values(shown.instances).filter(
        ({ task_id: of }) => of === 'review',
      );
      const [run = ''] = readdirSync(path.join(directory, '.runs')).filter((name) =>
        /^\d/.test(name),
      );
      const attempt = path.join(directory, '.runs', run, 'instances', id, 'attempts', '0001');
      expect(JSON.parse(readFileSync(path.join(attempt, 'result.json'), 'utf8'))).toEqual({
        verdict: 'approve',
      });
      const cost = await json<{ rows: { key: string; input_tokens: number; attempts: number }[] }>(
        directory,
        ...['run', 'cost', '.', 'latest', '--by', 'agent'],
      );
      const used = Object.fromEntries(cost.rows.map((row) => [row.key, row]));
      for (const agent of ['planner', 'builder', 'reviewer']) {
        expect(used[agent], agent).toMatchObject({ attempts: 1 });
        expect(used[agent]?.input_tokens, agent).toBeGreaterThan(0);
      }
      expect(used['shell']).toMatchObject({ attempts: 1, input_tokens: 0 });
      const verified = await codexOrch(['run', 'verify', '.', 'latest'], {
        cwd: directory,
        env: served.env,
      });
      expect(verified.code, verified.stdout).toBe(0);
    },
    180_000,
  );
});
