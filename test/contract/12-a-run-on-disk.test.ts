/** Section 12 of the contract: the files, the log as the truth, state/ as a cache, and damage. */
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { dir, instancesOf, orch, program, show } from './shell-program.ts';

describe('12. A run on disk', () => {
  it('has the files of the contract, and a log that tells all', async () => {
    program({
      a: { run: `echo '{"x": 1}'`, publish: ['final.md', 'result.json'] },
      b: {
        run: ':',
        depends_on: [{ task: 'a', kind: 'context', consume: ['result.json'], as: 'from_a' }],
        compose: [{ kind: 'ref', ref: 'deps.from_a.result' }],
      },
    });
    expect((await orch('run', 'start', '--root', 'b')).code).toBe(0);
    const run = await show();
    const at = path.join(dir, '.runs', run.id);
    const [a] = instancesOf(run, 'a');
    const [b] = instancesOf(run, 'b');
    expect(b!.dependency_instances).toEqual({ a: a!.instance_id });
    expect(b!.dependency_scopes).toEqual({ from_a: a!.instance_id });
    for (const file of [
      'events.jsonl',
      'state/run.json',
      'state/tasks/a.json',
      `state/instances/${a!.instance_id}.json`,
      `state/results/${a!.instance_id}.json`,
      `instances/${a!.instance_id}/published/result.json`,
      `instances/${a!.instance_id}/attempts/0001/prompt.md`,
      `instances/${a!.instance_id}/attempts/0001/scratch`,
      `instances/${b!.instance_id}/attempts/0001/context/manifest.json`,
      `instances/${b!.instance_id}/attempts/0001/context/interrupt/requesting-help.md`,
    ]) {
      expect(existsSync(path.join(at, file)), file).toBe(true);
    }
    // Nothing was staged for it, and a shell line reads no prompt.
    expect(existsSync(path.join(at, `instances/${a!.instance_id}/attempts/0001/context`))).toBe(
      false,
    );
    expect(readdirSync(path.join(at, 'control'))).toEqual([]);
    const events = readFileSync(path.join(at, 'events.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; event_id: string; event_type: string });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    expect(events[0]!.event_id).toBe('000001-run_created');
    expect(events.at(-1)!.event_type).toBe('run_completed');
  });

  it('state/ is a cache: gone or garbled, it is rebuilt', async () => {
    program({ a: { run: 'echo hi' } });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(0);
    const before = await show();
    const state = path.join(dir, '.runs', before.id, 'state');
    const [instance] = readdirSync(path.join(state, 'instances'));
    writeFileSync(path.join(state, 'instances', instance!), '{');
    const garbled = await orch('run', 'verify', 'latest');
    expect(garbled.code).toBe(1);
    expect(garbled.stdout).toContain(`state/instances/${instance}`);
    rmSync(state, { recursive: true });
    expect(await show()).toEqual(before);
    expect((await orch('run', 'list')).stdout).toContain('\tdone\t');
    // What a crash leaves too: worth a word, but nothing is wrong.
    const gone = await orch('run', 'verify', 'latest');
    expect(gone).toMatchObject({ code: 0 });
    expect(gone.stdout).toMatch(/^warning\tstate\/run.json\tis missing/);
    expect((await orch('run', 'verify', 'latest', '--repair')).code).toBe(0);
    expect(existsSync(path.join(state, 'run.json'))).toBe(true);
  });

  it('damage in the middle of the log is reported with its place, never guessed over', async () => {
    program({ a: { run: 'echo hi' } });
    await orch('run', 'start', '--root', 'a');
    const { id } = await show();
    const log = path.join(dir, '.runs', id, 'events.jsonl');
    const lines = readFileSync(log, 'utf8').split('\n');
    lines[2] = lines[2]!.replace('a', 'b');
    writeFileSync(log, lines.join('\n'));
    const verified = await orch('run', 'verify', 'latest');
    expect(verified.code).not.toBe(0);
    expect(`${verified.stdout}${verified.stderr}`).toMatch(/line [34]/);
    expect((await orch('run', 'resume', 'latest')).code).not.toBe(0);
  });

  it('damage that hides from the chain is no defect of ours, whoever reads the log', async () => {
    program({ a: { run: 'echo hi' } });
    await orch('run', 'start', '--root', 'a');
    const { id } = await show();
    const log = path.join(dir, '.runs', id, 'events.jsonl');
    const lines = readFileSync(log, 'utf8').split('\n');
    // The last line that is left has no follower whose "prev" would tell.
    const changed = lines[3]!.replace(
      /"instance_id":"a-[0-9a-f]{8}"/,
      '"instance_id":"a-00000000"',
    );
    writeFileSync(log, [...lines.slice(0, 3), changed, ''].join('\n'));
    const rows = [['resume'], ['reconcile'], ['abort'], ['retry-instance', 'a'], ['explain']];
    for (const [verb = '', ...rest] of [...rows, ['events'], ['watch'], ['show']]) {
      const refused = await orch('run', verb, 'latest', ...rest);
      expect([verb, refused.code]).toEqual([verb, 1]);
      expect(refused.stderr).toMatch(/event log is damaged: .*line 4 \(.*run verify/s);
    }
  });
});
