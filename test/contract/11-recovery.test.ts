/** Section 11 of the contract: a killed engine, Ctrl-C, a second engine, and what a resume leaves alone. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtEntry, until } from '../support/built-program.ts';
import { after, dir, instancesOf, orch, program, show, statuses } from './shell-program.ts';

describe('11. Recovery', () => {
  const slow = {
    a: { run: 'echo begun >> begun; until [ -e go ]; do sleep 0.05; done; echo worked' },
    b: { run: ':', depends_on: after('a') },
  };
  const begun = () =>
    until(() => (existsSync(path.join(dir, 'begun')) ? true : null)).then(() => undefined);

  it('agents outlive a killed engine, and the next one takes them up', async () => {
    program(slow);
    const engine = spawn(process.execPath, [builtEntry, 'run', 'start', '--root', 'b'], {
      cwd: dir,
    });
    await begun();
    engine.kill('SIGKILL');
    await new Promise((resolve) => engine.once('exit', resolve));
    const before = await show();
    expect(before.status).toBe('running');
    const resumed = orch('run', 'resume', 'latest');
    writeFileSync(path.join(dir, 'go'), '');
    expect((await resumed).code).toBe(0);
    expect(statuses(await show())).toEqual(['a done', 'b done']);
    expect(readFileSync(path.join(dir, 'begun'), 'utf8')).toBe('begun\n');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('what ended while no engine lived is harvested', async () => {
    program(slow);
    const engine = spawn(process.execPath, [builtEntry, 'run', 'start', '--root', 'b'], {
      cwd: dir,
    });
    await begun();
    engine.kill('SIGKILL');
    await new Promise((resolve) => engine.once('exit', resolve));
    writeFileSync(path.join(dir, 'go'), '');
    const runs = path.join(dir, '.runs');
    const [run] = readdirSync(runs);
    const [a] = readdirSync(path.join(runs, run!, 'instances')).filter((id) => id.startsWith('a-'));
    const exit = path.join(runs, run!, 'control', a!, '0001/exit');
    await until(() => (existsSync(exit) ? true : null));
    expect((await orch('run', 'reconcile', 'latest')).code).toBe(0);
    expect(statuses(await show())).toEqual(['a done', 'b runnable']);
    expect((await orch('run', 'resume', 'latest')).code).toBe(0);
    expect(readFileSync(path.join(dir, 'begun'), 'utf8')).toBe('begun\n');
  });

  it('Ctrl-C stops the agents, and leaves them resumable', async () => {
    program(slow);
    const engine = spawn(process.execPath, [builtEntry, 'run', 'start', '--root', 'b'], {
      cwd: dir,
    });
    await begun();
    engine.kill('SIGINT');
    const code = await new Promise((resolve) => engine.once('exit', resolve));
    expect(code).toBe(130);
    const [a] = instancesOf(await show(), 'a');
    expect(a).toMatchObject({
      status: 'failed',
      failure_kind: 'interrupted',
      termination_reason: 'terminated',
      resume_recommended: true,
    });
    writeFileSync(path.join(dir, 'go'), '');
    expect((await orch('run', 'resume', 'latest')).code).toBe(0);
    expect(statuses(await show())).toEqual(['a done', 'b done']);
  });

  it('one engine at a time; a second one is told who it is; abort reaches it', async () => {
    program(slow);
    const started = await orch('run', 'start', '--root', 'b', '--no-wait');
    expect(started.code).toBe(0);
    await begun();
    const second = await orch('run', 'resume', 'latest');
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/pid \d+/);
    expect((await orch('run', 'abort', 'latest')).code).toBe(0);
    const run = await show();
    expect(run.status).toBe('failed');
    expect(statuses(run)).toEqual(['a failed', 'b skipped']);
    expect(instancesOf(run, 'a')[0]!.error).toBe('run aborted by user');
  });

  it('resume leaves a real failure alone, and names what forces it', async () => {
    program({ a: { run: '[ -e mended ]' }, b: { run: ':', depends_on: after('a') } });
    expect((await orch('run', 'start', '--root', 'b')).code).toBe(1);
    const resumed = await orch('run', 'resume', 'latest');
    expect(resumed.code).toBe(1);
    const [a] = instancesOf(await show(), 'a');
    expect(resumed.stderr).toContain('retry-instance');
    expect(resumed.stderr).toContain(a!.instance_id);
    writeFileSync(path.join(dir, 'mended'), '');
    expect((await orch('run', 'retry-instance', 'latest', 'a')).code).toBe(0);
    expect(statuses(await show())).toEqual(['a done', 'b done']);
  });
});
