/** The order for an attempt: what workers and assistants have in common, and what each has alone. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { roleBackendNames } from '../../src/agents/backends.ts';
import { assistantOrder, workerOrder, type OrderBasis } from '../../src/attempt/order.ts';
import type { RoleSpec } from '../../src/model/program.ts';
import type { Interrupt } from '../../src/model/run.ts';
import { runPaths } from '../../src/store/layout.ts';
import { RUN_ID, task } from '../support/make.ts';
import { ScriptedRun } from '../core/scripted-run.ts';
import { removeDirectory, temporaryDirectory } from './fixture.ts';

const NOW = '2026-01-02T00:00:00.000Z';
let program: string;
let run: ScriptedRun;
let id: string;

beforeEach(() => {
  program = temporaryDirectory();
  run = new ScriptedRun([task({ id: 'build', agent: 'smith', extra_writable_roots: ['out'] })]);
  [id = ''] = run.state.instances.keys();
  const { project } = run.state.plan;
  project.default_model = 'large';
  project.agents['smith'] = {
    ...{ backend: 'command', model: null, sandbox: 'read-only', args: [] },
    ...{ env: { PATH: '/smith/bin', LEVEL: '3' }, command: ['make'], run: null },
  };
  mkdirSync(path.join(program, 'out'));
});
afterEach(() => removeDirectory(program));

function basis(changes: Partial<OrderBasis> = {}): OrderBasis {
  const config = { sections: {}, problem: null };
  const paths = runPaths(program, RUN_ID);
  const commandDir = paths.binDir;
  const env = { PATH: '/bin' };
  const fixed = { paths, state: run.state, config, env, commandDir, taskQueue: null };
  return { ...fixed, now: () => NOW, ...changes };
}

const role: RoleSpec = {
  ...{ id: 'reviewer', title: 'Reviewer', description: '', backend: roleBackendNames[0] ?? '' },
  ...{ model: null, sandbox: 'read-only', instructions: '', managed_assets: [] },
  policy: { request_kinds: [], decision_kinds: [] } as unknown as RoleSpec['policy'],
};

function forRole(changes: Partial<OrderBasis> = {}, spec = role) {
  const interrupt = { interrupt_id: 'int-0123456789ab' } as Interrupt;
  const files = {
    ...{ attemptDir: '/a', controlDir: '/c', outputSchemaFile: '/a/schema.json' },
    workspaceDir: program,
  };
  return assistantOrder(basis(changes), interrupt, spec, files);
}

it('a worker has its place, its model and sandbox, and the engine a place of its own', () => {
  const { order, problem } = workerOrder(basis(), id, 2);
  expect(problem).toBeNull();
  expect(order).toMatchObject({
    ...{ backend: 'command', cwd: program, projectWorkspaceDir: program, programDir: program },
    ...{ sandbox: 'read-only', model: 'large', writableRoots: [path.join(program, 'out')] },
    controlDir: path.join(program, '.runs', RUN_ID, 'control', id, '0001'),
    runFormat: run.state.plan.format_version,
    ...{ wallTimeoutMs: 3_600_000, idleTimeoutMs: 600_000, graceMs: 10_000 },
    ...{ generation: 2, outputSchemaFile: null, previousUsage: null },
  });
  expect(order.startedAt).toBe(run.state.instances.get(id)?.attempts[0]?.started_at);
});

it('a worker finds our command first, then what its agent would find, and knows who it is', () => {
  const { binDir } = basis().paths;
  const { env, attemptDir } = workerOrder(basis(), id, 0).order;
  expect(env).toMatchObject({
    LEVEL: '3',
    PATH: `${binDir}:/smith/bin`,
    CODEX_ORCH_PROGRAM_DIR: program,
    CODEX_ORCH_RUN_ID: RUN_ID,
    CODEX_ORCH_RUN_DIR: path.join(program, '.runs', RUN_ID),
    CODEX_ORCH_INSTANCE_ID: id,
    CODEX_ORCH_TASK_ID: 'build',
    CODEX_ORCH_INSTANCE_DIR: path.dirname(path.dirname(attemptDir)),
    CODEX_ORCH_ATTEMPT_DIR: attemptDir,
    CODEX_ORCH_QUESTIONS_DIR: path.join(attemptDir, 'questions'),
    CODEX_ORCH_PROJECT_WORKSPACE_DIR: program,
    CODEX_ORCH_WORKSPACE_DIR: program,
  });
});

it('another machine is told its queue and where questions lie, and nothing that is this machine’s alone', () => {
  const { project } = run.state.plan;
  project.executor = 'temporal';
  const smith = project.agents['smith'];
  if (smith) Object.assign(smith, { runs_on: 'anvils', worker_env: ['LEVEL'] });
  const config = { sections: { codex: { path: '/only/here' } }, problem: null };
  const { order } = workerOrder(basis({ taskQueue: 'all', config }), id, 0);
  expect(order.remote).toEqual({
    id: `${RUN_ID}/${id}/1`,
    queue: 'anvils',
    runDir: path.join(program, '.runs', RUN_ID),
    questionsDir: path.join(order.attemptDir, 'questions'),
    tree: null,
  });
  expect(order.env).toMatchObject({
    LEVEL: '3',
    PATH: basis().paths.binDir,
    CODEX_ORCH_ASKING: path.join(order.attemptDir, 'context/asking.json'),
  });
  expect(JSON.stringify(order)).not.toContain('/only/here');
  if (smith) Object.assign(smith, { worker_env: ['PATH'] });
  const { env } = workerOrder(basis({ taskQueue: 'all' }), id, 0).order;
  expect(env).not.toHaveProperty('LEVEL');
  expect(env['PATH']).toBe(`${basis().paths.binDir}:/smith/bin`);
});

it('an order of this machine says nothing of others', () => {
  const { order } = workerOrder(basis({ taskQueue: 'all' }), id, 0);
  expect(order).not.toHaveProperty('remote');
  expect(order.env).not.toHaveProperty('CODEX_ORCH_ASKING');
});

it('an assistant has the limits of the run, and nothing by which a worker asks', () => {
  const { binDir } = basis().paths;
  const { order, problem } = forRole();
  expect(problem).toBeNull();
  expect(order).toMatchObject({
    ...{ model: 'large', sandbox: 'read-only', sessionId: null, controlDir: '/c' },
    ...{ wallTimeoutMs: 3_600_000, idleTimeoutMs: 600_000, graceMs: 10_000 },
    ...{ outputSchemaFile: '/a/schema.json', writableRoots: [], startedAt: NOW, generation: 0 },
  });
  expect(order.cwd).not.toBe(program);
  expect(order.env).toMatchObject({
    PATH: `${binDir}:/bin`,
    CODEX_ORCH_INTERRUPT_ID: 'int-0123456789ab',
    CODEX_ORCH_ROLE_ID: 'reviewer',
    ...{ CODEX_ORCH_INSTANCE_ID: '', CODEX_ORCH_TASK_ID: '', CODEX_ORCH_INSTANCE_DIR: '' },
    CODEX_ORCH_QUESTIONS_DIR: '',
  });
});

it('an assistant finds the run, and what makes its role', () => {
  const shared = path.join(program, 'shared.md');
  const own = path.join(program, 'assistant_roles/reviewer/own.md');
  mkdirSync(path.dirname(own), { recursive: true });
  for (const file of [shared, own]) writeFileSync(file, '');
  const managed_assets = ['own.md', 'shared.md', '../outside.md'];
  const { env } = forRole({}, { ...role, managed_assets }).order;
  const run = path.join(program, '.runs', RUN_ID);
  expect(env).toMatchObject({
    CODEX_ORCH_RUN_DIR: run,
    CODEX_ORCH_RUN_INSTANCES_DIR: path.join(run, 'instances'),
    CODEX_ORCH_ASSISTANT_ROLE_ID: 'reviewer',
    CODEX_ORCH_ASSISTANT_ROLE_DIR: path.join(program, 'assistant_roles/reviewer'),
    CODEX_ORCH_ASSISTANT_ROLE_WORKSPACE_DIR: path.join(
      program,
      '.codex-orch/assistant_roles/reviewer/workspace',
    ),
    CODEX_ORCH_ASSISTANT_MANAGED_ASSET_PATHS: `${own}:${shared}`,
    CODEX_ORCH_ASSISTANT_OPERATING_MODEL_PATH: path.join(
      program,
      'assistant_roles/_shared/operating-model.md',
    ),
  });
});

it('an empty PATH entry, which means the current directory, is never made', () => {
  const { binDir } = basis().paths;
  expect(forRole({ env: {} }).order.env['PATH']).toBe(binDir);
  expect(forRole({ env: { PATH: '' } }).order.env['PATH']).toBe(binDir);
});

it('says why an attempt may not start, and still how to find it', () => {
  const lost = { ...task({ id: 'build', agent: 'smith', workspace: 'nowhere' }) };
  run.state.plan.tasks['build'] = lost;
  const { order, problem } = workerOrder(basis(), id, 0);
  expect(problem).toContain('nowhere does not exist');
  expect(order.attemptDir).toContain(id);
  const config = { sections: {}, problem: 'config.toml:1: it is not TOML' };
  expect(forRole({ config }).problem).toContain('config.toml');
});
