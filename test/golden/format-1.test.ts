/**
 * Runs that codex-orch 1.0.0 left on disk, each in another state (see test/fixtures/README.md): this version
 * reads them, says of them what it always said, and drives the unfinished ones to their end, with the log
 * only ever growing.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayStandIn } from '../../src/core/events/catalogue.ts';
import type { EventType } from '../../src/core/events/events.ts';
import { takeDefaultsOut } from '../support/before-defaults.ts';
import { testDirectory } from '../support/built-program.ts';
import { codexHome } from '../support/codex.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { copyFixture, fixtureNames, type FixtureRun } from './fixture-runs.ts';
import { expectGolden } from './golden.ts';
import { neutral } from './neutral.ts';

const root = testDirectory('format-1');
let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

/** File in the golden folder → command line. */
const looks: Record<string, string> = {
  'verify.txt': 'run verify latest',
  'show.json': 'run show latest --json',
  'explain.json': 'run explain latest --json',
  'events.txt': 'run events latest',
  'inbox.json': 'inbox list --json',
  'proposals.json': 'proposal list --json',
};

type Drive = (run: FixtureRun) => Promise<number>;

/** How a person brings it to its end. Returns the exit status of the last command. */
const drives: Record<string, Drive> = {
  'loop-limit': async (run) => {
    expect((await run.cli('run', 'resume', 'latest')).code).toBe(1);
    const failed = (await shown(run)).instances.find(({ status }) => status === 'failed');
    const words = ['latest', failed?.instance_id ?? '', '--grant-iterations', '1'];
    return (await run.cli('run', 'retry-instance', ...words)).code;
  },
  failed: async (run) => {
    await server.script([{ text: 'Now it works.' }]);
    // What was worth another try is tried; the other failure is left to a person.
    expect((await run.cli('run', 'resume', 'latest')).code).toBe(1);
    writeFileSync(path.join(run.directory, 'ws', 'mended'), '');
    return (await run.cli('run', 'retry-instance', 'latest', 'broken')).code;
  },
  waiting: async (run) => {
    const payload = '{"colour": "blue"}';
    await reply(run, '--text', 'Take blue.', '--payload-json', payload);
    return (await run.cli('run', 'resume', 'latest')).code;
  },
  answered: async (run) => (await run.cli('run', 'resume', 'latest')).code,
  killed: async (run) => {
    writeFileSync(path.join(run.directory, 'ws', 'go'), '');
    // How the attempt ended is known to nobody, so a person must say that it may be made again.
    expect((await run.cli('run', 'resume', 'latest')).code).toBe(1);
    return (await run.cli('run', 'retry-instance', 'latest', 'paint')).code;
  },
  aborted: async (run) => {
    writeFileSync(path.join(run.directory, 'ws', 'go'), '');
    expect((await run.cli('run', 'resume', 'latest')).code).toBe(1);
    return (await run.cli('run', 'retry-instance', 'latest', 'endless')).code;
  },
  handoff: async (run) => {
    await reply(run, '--text', 'Ship it.');
    return (await run.cli('run', 'resume', 'latest')).code;
  },
  'codex-waiting': async (run) => {
    await server.script([{ text: 'Painted it green.' }]);
    await reply(run, '--text', 'Green.');
    return (await run.cli('run', 'resume', 'latest')).code;
  },
};

describe.each(fixtureNames)('%s', (name) => {
  let run: FixtureRun;
  beforeAll(() => {
    const home = path.join(root, name, 'codex-home');
    mkdirSync(home, { recursive: true });
    run = copyFixture(name, path.join(root, name), codexHome(home, server.port));
  });

  it('is sound, and reads as it did', async () => {
    const before = run.log();
    const files = Object.entries(looks);
    const ended = await Promise.all(files.map(([, line]) => run.cli(...line.split(' '))));
    for (const [index, { code, stdout, stderr }] of ended.entries()) {
      const [file = '', line = ''] = files[index] ?? [];
      expect(code, `${line}: ${stderr}`).toBe(0);
      expectGolden(`format-1/${name}/${file}`, neutral(stdout, { [run.directory]: '<DIR>' }));
    }
    expect(run.log().equals(before)).toBe(true);
  });

  const drive = drives[name];
  it.skipIf(drive === undefined)('goes on to its end', async () => {
    const before = run.log();
    const from = (await events(run)).length;
    expect(await drive?.(run)).toBe(0);
    expect(await shown(run)).toMatchObject({ status: 'done', format_version: 1 });
    expect(run.log().subarray(0, before.length).equals(before)).toBe(true);
    const verified = await run.cli('run', 'verify', 'latest');
    expect(verified.code, verified.stdout).toBe(0);
    const since = (await events(run)).slice(from);
    // What engines of before do not know does not come into their runs.
    expect(since.filter(({ event_type: type }) => !mayStandIn(1, type))).toEqual([]);
    const added = since.map(({ event_type: type, instance_id: id }) => {
      const task = id?.replace(/-[0-9a-f]{8}$/, '') ?? '';
      return `${type} ${task}`.trimEnd();
    });
    expectGolden(`format-1/${name}/driven.txt`, `${added.join('\n')}\n`);
  });
});

/** Frozen by a program that knew no optional field: read, verified and driven on as if it had them all. */
describe.each(['loop-limit', 'waiting'])('%s, frozen before its optional fields', (name) => {
  it('reads as it did, and goes on to its end', async () => {
    const run = copyFixture(name, path.join(root, `${name}-before`));
    expect(takeDefaultsOut(run.root)).toBeGreaterThan(20);
    const places = { [run.directory]: '<DIR>' };
    for (const file of ['show.json', 'explain.json', 'inbox.json']) {
      const { stdout } = await run.cli(...(looks[file] ?? '').split(' '));
      // Fields that were filled in stand behind the others.
      const golden = readFileSync(path.join(import.meta.dirname, 'format-1', name, file), 'utf8');
      expect(JSON.parse(neutral(stdout, places))).toEqual(JSON.parse(golden));
    }
    expect(await drives[name]?.(run)).toBe(0);
    expect(await shown(run)).toMatchObject({ status: 'done', format_version: 1 });
    const verified = await run.cli('run', 'verify', 'latest');
    expect(verified.code, verified.stdout).toBe(0);
  });
});

interface ShownRun {
  status: string;
  format_version: number;
  instances: { instance_id: string; status: string }[];
}

async function shown(run: FixtureRun): Promise<ShownRun> {
  const { instances, ...rest } = await run.json<{
    status: string;
    format_version: number;
    instances: Record<string, ShownRun['instances'][number]>;
  }>('run', 'show', 'latest');
  return { ...rest, instances: Object.values(instances) };
}

function events(run: FixtureRun): Promise<{ event_type: EventType; instance_id: string | null }[]> {
  return run.json('run', 'events', 'latest');
}

/** Answers the only open question. */
async function reply(run: FixtureRun, ...words: string[]): Promise<void> {
  const open = await run.json<{ interrupt: { interrupt_id: string } }[]>(
    ...['inbox', 'list', '--unresolved-only'],
  );
  expect(open).toHaveLength(1);
  const id = open[0]?.interrupt.interrupt_id ?? '';
  const replied = await run.cli('inbox', 'reply', id, ...words);
  expect(replied.code, replied.stderr).toBe(0);
}
