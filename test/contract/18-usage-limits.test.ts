/** Section 18 of the contract: an account that has come to a usage limit holds up all that draw on it, and no other. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  codexOrch,
  testDirectory,
  until,
  writeFiles,
  type Ended,
} from '../support/built-program.ts';
import { standInCodex, type StandIn } from '../support/stand-in-codex.ts';

const root = testDirectory('usage-limits');
afterAll(() => rmSync(root, { recursive: true, force: true }));

let dir: string;
let codex: StandIn;
let env: Record<string, string>;
let count = 0;
beforeEach(() => {
  count += 1;
  dir = path.join(root, String(count));
});

interface Shown {
  id: string;
  project: Record<string, unknown>;
  status: string;
  waiting_until?: string;
  instances: Record<string, Record<string, unknown>>;
}

const limited = 'echo "You’ve hit your usage limit. Try again later."; exit 75';
/** Limited once, and then not: the file says so. */
const once = (name: string) =>
  `if [ ! -e ${name}.was ]; then touch ${name}.was; ${limited}; fi; echo done by ${name}`;

/** `scripts`: what each task's model says. */
function newProgram(
  scripts: Record<string, string>,
  project: Record<string, unknown> = {},
  fields: Record<string, Record<string, unknown>> = {},
): void {
  const tasks = Object.keys(scripts).map((id) => [
    `tasks/${id}.yaml`,
    { id, title: id, status: 'ready', compose: [{ kind: 'literal', text: 'Go.' }], ...fields[id] },
  ]);
  writeFiles(dir, {
    'project.yaml': { name: 'p', workspace: '.', edition: 2, max_concurrency: 9, ...project },
    ...(Object.fromEntries(tasks) as Record<string, unknown>),
  });
  codex = standInCodex(path.join(dir, 'stand-in'), scripts);
  env = { ...codex.env, CODEX_ORCH_GLOBAL_ROOT: path.join(dir, 'global') };
}

const orch = (...words: string[]): Promise<Ended> => codexOrch(words, { cwd: dir, env });
const show = async (run = 'latest') =>
  JSON.parse((await orch('run', 'show', run, '--json')).stdout) as Shown;
const ofTask = ({ instances }: Shown, task: string) =>
  Object.values(instances).find((each) => each['task_id'] === task) ?? {};
const limits = async () =>
  JSON.parse((await orch('limits', 'list', '--json')).stdout) as Record<string, unknown>[];
const calls = (who: string) => codex.calls().filter((call) => call.who === who).length;

/** As if the time had come at which one attempt may try. */
function letTimePass(): void {
  const folder = path.join(dir, 'global', 'limits');
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
    const file = path.join(folder, name);
    const record = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const past = { ...record, until: '2026-01-01T00:00:00.000Z' };
    writeFileSync(file, JSON.stringify(past));
  }
}

describe('18. Usage limits', () => {
  it('may be settled in config.toml, which counts where the program says nothing, and is frozen', async () => {
    newProgram({ a: limited }, { edition: 1 });
    writeFiles(dir, { 'global/config.toml': '[usage_limit]\non = "wait"\nmax_wait_sec = 900\n' });
    // Without a time it would be tried every half an hour: a person is asked before.
    expect((await orch('run', 'start', '--root', 'a', '--max-wait', '1')).code).toBe(3);
    const shown = await show();
    expect(shown.project['usage_limit']).toEqual({ on: 'wait', max_wait_sec: 900 });
    expect(ofTask(shown, 'a')).toMatchObject({ waiting_reason: 'usage_limit' });
    await orch('limits', 'clear');
    newProgram({ a: limited }, { usage_limit: { on: 'fail' } });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    writeFiles(dir, { 'global/config.toml': '[usage_limit]\nat = "wait"\n' });
    const refused = await orch('run', 'start', '--root', 'a');
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('config.toml: the field "at" is unknown'),
    ]);
  });

  it('waits, says so everywhere, and goes on in the same session once it is cleared', async () => {
    newProgram({ a: once('a') });
    const started = await orch('run', 'start', '--root', 'a', '--max-wait', '1');
    expect(started.code, started.stderr).toBe(3);
    const shown = await show();
    expect(shown.status).toBe('waiting');
    expect(ofTask(shown, 'a')).toMatchObject({
      status: 'waiting',
      waiting_reason: 'usage_limit',
      waiting_until: shown.waiting_until,
      attempts: [{ failure_kind: 'external_usage_limit', retry_at: null }],
    });
    const [limit] = await limits();
    expect(limit).toMatchObject({ backend: 'codex', model: null, retry_at: null, tried_by: null });
    const account = String(limit?.['account']);
    expect(account).toMatch(/^[0-9a-f]{12}$/);
    const [file = ''] = readdirSync(path.join(dir, 'global', 'limits'));
    expect(statSync(path.join(dir, 'global', 'limits', file)).mode & 0o777).toBe(0o600);
    expect((await orch('run', 'explain', 'latest')).stdout).toContain(`limits clear ${account}`);
    expect((await orch('limits', 'list')).stdout).toContain(`${account}\tbackend=codex`);
    const retried = await orch('run', 'retry-instance', 'latest', 'a');
    expect(retried.code).not.toBe(0);
    expect(retried.stderr).toContain('limits clear');
    expect((await orch('limits', 'clear', 'nope')).stderr).toContain(account);
    expect((await orch('limits', 'clear', account)).code).toBe(0);
    expect(await limits()).toEqual([]);
    const resumed = await orch('run', 'resume', 'latest');
    expect(resumed.code, resumed.stderr).toBe(0);
    const [first, second] = codex.calls();
    expect(second?.argv).toContain('resume');
    expect(first?.argv).not.toContain('resume');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('holds up other runs and agents of the account; one tries, and the rest follow', async () => {
    const slow = 'touch trying; while [ ! -e go ]; do sleep 0.05; done; echo done';
    newProgram(
      { a: once('a'), b: slow, c: slow, other: 'echo done' },
      { agents: { default: {}, second: {}, elsewhere: { env: { CODEX_HOME: '/nowhere' } } } },
      { b: { agent: 'second' }, c: { agent: 'second' }, other: { agent: 'elsewhere' } },
    );
    await orch('run', 'start', '--root', 'a', '--max-wait', '1');
    const first = (await show()).id;
    // Of another account.
    expect((await orch('run', 'start', '--root', 'other')).code).toBe(0);
    const waits = orch('run', 'start', '--root', 'b', '--root', 'c');
    const second = await until(async () => {
      const run = await show();
      const isWaiting = run.id !== first && ofTask(run, 'c')['waiting_reason'] === 'usage_limit';
      return isWaiting ? run.id : null;
    });
    expect(calls('b') + calls('c')).toBe(0);
    letTimePass();
    await until(() => calls('b') + calls('c') > 0 || null);
    const [limit] = await until(async () => {
      const found = await limits();
      return found.length === 0 || found[0]?.['tried_by'] !== null ? found : null;
    });
    expect(String(limit?.['tried_by'])).toMatch(/^[bc]-/);
    // Another engine comes: one tries at a time, over all runs.
    const resumed = orch('run', 'resume', first);
    await until(
      async () => (await orch('run', 'explain', first)).stdout.includes('tries it now') || null,
    );
    expect([calls('a'), calls('b') + calls('c')]).toEqual([1, 1]);
    writeFileSync(path.join(dir, 'go'), '');
    expect(await waits).toMatchObject({ code: 0 });
    expect(await resumed).toMatchObject({ code: 0 });
    expect(await limits()).toEqual([]);
    const attempts = Object.values((await show(second)).instances).flatMap(
      ({ attempts: all }) => all as { probes?: string }[],
    );
    expect(attempts.filter(({ probes }) => probes !== undefined)).toHaveLength(1);
  }, 240_000);

  it('a try that fails leaves it limited, and a person is asked when it has waited long enough', async () => {
    newProgram({ a: limited, b: limited }, { usage_limit: { max_wait_sec: 4 } });
    const started = await orch('run', 'start', '--root', 'a', '--root', 'b');
    expect(started.code, started.stderr).toBe(3);
    expect(calls('a') + calls('b')).toBeLessThanOrEqual(2);
    const run = await show();
    expect(ofTask(run, 'a')).toMatchObject({
      status: 'waiting',
      waiting_reason: 'interrupts_pending',
    });
    const listed = await orch('inbox', 'list', '--json', '--unresolved-only');
    const questions = JSON.parse(listed.stdout) as { interrupt: Record<string, string> }[];
    expect(questions).toHaveLength(2);
    const [asked, other] = questions;
    expect(asked?.interrupt).toMatchObject({ options: ['wait', 'try now', 'give up'] });
    const before = codex.calls().length;
    const id = asked?.interrupt['interrupt_id'] ?? '';
    expect((await orch('inbox', 'reply', id, '--text', 'try now')).code).toBe(0);
    await orch('inbox', 'reply', other?.interrupt['interrupt_id'] ?? '', '--text', 'give up');
    await orch('run', 'resume', 'latest');
    expect(codex.calls()).toHaveLength(before + 1);
    const after = Object.values((await show()).instances);
    expect(after.map(({ status }) => status).sort()).toEqual(['failed', 'waiting']);
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  }, 240_000);

  it('fails where it shall fail, also before an attempt, and is nothing of its own in edition 1', async () => {
    newProgram({ a: limited, b: limited }, { usage_limit: { on: 'fail' } });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    expect((await orch('run', 'start', '--root', 'b')).code).toBe(1);
    expect(ofTask(await show(), 'b')).toMatchObject({
      status: 'failed',
      attempt: 0,
      failure_kind: 'external_usage_limit',
    });
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
    await orch('limits', 'clear');
    newProgram({ a: limited }, { edition: 1 });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    const [attempt] = ofTask(await show(), 'a')['attempts'] as Record<string, unknown>[];
    expect(attempt).toMatchObject({ failure_kind: 'external_rate_limit' });
    expect(attempt).not.toHaveProperty('retry_at');
    expect(await limits()).toEqual([]);
  });

  it('a short limit of the rate is none', async () => {
    const message = 'exceeded retry limit, last status: 429 Too Many Requests';
    newProgram({ a: `echo "${message}"; exit 75` });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    expect(ofTask(await show(), 'a')).toMatchObject({ failure_kind: 'external_rate_limit' });
    expect(await limits()).toEqual([]);
  });

  it('keeps roles from starting too, whose questions stay open', async () => {
    const ask =
      'codex-orch interrupt create --audience assistant --target-role helper --kind question --question "What now?" --blocking';
    newProgram({ a: `case "$CODEX_ORCH_ATTEMPT_DIR" in *0001) ${ask};; esac; echo done` });
    writeFiles(dir, {
      'assistant_roles/_shared/operating-model.md': '# How assistants work\n',
      'assistant_roles/helper/role.yaml': { id: 'helper', title: 'helper', managed_assets: [] },
      'assistant_roles/helper/instructions.md': 'Decide.\n',
    });
    standInCodex(path.join(dir, 'stand-in'), { helper: limited });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(3);
    await orch('inbox', 'worker', '--once');
    expect(calls('helper')).toBe(1);
    expect(await limits()).toMatchObject([
      { backend: 'codex', until: expect.any(String) as string },
    ]);
    // Not tried while it is limited; nor is any attempt of the same account.
    await orch('inbox', 'worker', '--once');
    expect(calls('helper')).toBe(1);
    const question = (await orch('inbox', 'list')).stdout.split('\t')[0] ?? '';
    expect((await orch('inbox', 'show', question)).stdout).toContain('usage limit');
    await orch('limits', 'clear');
    const answer = {
      ...{
        resolution_kind: 'auto_reply',
        answer: 'Go on.',
        rationale: 'It may.',
        confidence: 'high',
      },
      ...{ citations: [], payload: {}, proposed_updates: [] },
    };
    standInCodex(path.join(dir, 'stand-in'), { helper: `echo '${JSON.stringify(answer)}'` });
    await orch('inbox', 'worker', '--once');
    expect(calls('helper')).toBe(2);
    expect((await show()).status).toBe('done');
  });
});
