/** Section 4 of the contract: `run start --assistants`, and the same by `project.yaml`. */
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { until } from '../support/built-program.ts';
import { ended, reply, scriptedProgram, spawnCli } from '../support/scripted-role.ts';

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

describe('4. run start --assistants', () => {
  it('is one command for a run that asks assistants', async () => {
    const scripted = scriptedProgram({ one: {}, two: {} });
    roots.push(scripted.root);
    for (const role of ['one', 'two']) scripted.says(role, reply());
    const started = await scripted.cli('run', 'start', '.', '--root', 'one', 'two', '--assistants');
    expect(started.code, started.stderr).toBe(0);
    expect(scripted.starts('one')).toBe(1);
  });

  it('as `assistants: inline` in project.yaml; a failed answer leaves the run waiting, and says why', async () => {
    const scripted = scriptedProgram({ one: {} }, { assistants: 'inline' });
    roots.push(scripted.root);
    scripted.says('one', 'no JSON');
    const started = await scripted.cli('run', 'start', '.', '--root', 'one');
    expect(started.code, started.stderr).toBe(3);
    expect(started.stderr).toMatch(/not answered: int-[0-9a-f]{12}: the answer is not JSON/);
    scripted.says('one', reply());
    const resumed = await scripted.cli('run', 'resume', '.', 'latest');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(scripted.starts('one')).toBe(2);
  });

  it('waits for the end of a usage limit, where one comes to it, and tries again by itself', async () => {
    const scripted = scriptedProgram({ one: {} }, { assistants: 'inline', edition: 2 });
    roots.push(scripted.root);
    scripted.says('one', 'LIMITED');
    const short = await scripted.cli('run', 'start', '.', '--root', 'one', '--max-wait', '1');
    expect(short.code, short.stderr).toBe(3);
    expect(scripted.starts('one')).toBe(1);
    const run = spawnCli(scripted, 'run', 'resume', '.', 'latest');
    await until(() => (run.printed().includes('tried again at') ? true : null));
    // Known to be limited: its agent is not begun.
    expect(scripted.starts('one')).toBe(1);
    scripted.says('one', reply());
    expect((await scripted.cli('limits', 'clear')).code).toBe(0);
    expect(await ended(run), run.printed()).toBe(0);
    expect(scripted.starts('one')).toBe(2);
  });

  it('stops its assistants with the run', async () => {
    const scripted = scriptedProgram({ one: {} });
    roots.push(scripted.root);
    scripted.says('one', reply());
    scripted.hold('one');
    const run = spawnCli(scripted, 'run', 'start', '.', '--root', 'one', '--assistants');
    await until(() => (scripted.starts('one') === 1 ? true : null));
    run.kill('SIGINT');
    expect(await ended(run), run.printed()).toBe(130);
    scripted.release('one');
    const resumed = await scripted.cli('run', 'resume', '.', 'latest');
    expect(resumed.code, resumed.stderr).toBe(0);
  });
});
