/** An engine of the built program whose attempts are elsewhere, killed without mercy: the endpoint of its depot dies with it. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRepository, testEnv } from '../../git/made-repository.ts';
import { builtEntry, codexOrch, writeFiles } from '../../support/built-program.ts';
import { freePorts } from '../../support/free-ports.ts';
import {
  startTemporalServer,
  temporalProblem,
  type TemporalServer,
} from '../../support/temporal-server.ts';
import { temporaryDirectory, until } from '../local/orders.ts';
import { endWorkers, fastSettings, startWorkerProcess } from './workers.ts';

const problem = temporalProblem();
if (problem !== null) process.stderr.write(`\n*** SKIPPED: a killed engine: ${problem}\n\n`);

describe.skipIf(problem !== null)('an engine that is killed, and the depot with it', () => {
  const root = temporaryDirectory('engine-killed');
  const program = path.join(root, 'program');
  const env = { ...testEnv, HOME: path.join(root, 'home'), GIT_CEILING_DIRECTORIES: root };
  const queue = 'of-killed-engines';
  let server: TemporalServer | undefined;

  beforeAll(async () => {
    server = await startTemporalServer(root);
  });
  afterAll(async () => {
    await endWorkers();
    await server?.kill();
  });

  it('leaves its attempts at work; the next one has what has ended meanwhile, and what ends later', async () => {
    const settings = fastSettings(server?.address ?? '');
    const repository = makeRepository();
    repository.write('a.txt', 'one\n');
    repository.commit('first');
    const [port] = await freePorts(1);
    const { address, heartbeat_timeout_sec, lost_after_sec } = settings;
    writeFiles(program, {
      'project.yaml': {
        ...{ name: 'p', workspace: repository.dir, default_agent: 'shell', isolation: 'tree' },
        executor: 'temporal',
        temporal: { address, task_queue: queue, heartbeat_timeout_sec, lost_after_sec },
        depot: { listen: `127.0.0.1:${port}` },
      },
      'tasks/early.yaml': task('early'),
      'tasks/late.yaml': task('late'),
    });
    mkdirSync(env.HOME);
    const worker = await startWorkerProcess(path.join(root, 'worker'), { settings, queue });
    const words = ['run', 'start', '--root', 'early', '--root', 'late'];
    const engine = spawn(process.execPath, [builtEntry, ...words], { cwd: program, env });
    let said = '';
    for (const stream of [engine.stdout, engine.stderr]) {
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    }
    const gone = new Promise((resolve) => engine.once('exit', resolve));
    await until('both are at work', () => {
      if (engine.exitCode !== null) throw new Error(`the engine has ended: ${said}`);
      return begun('early') === 1 && begun('late') === 1;
    });
    engine.kill('SIGKILL');
    await gone;
    release('early');
    await until('nobody takes what it has left', () => worker.said().includes('trying again'));
    const resumed = codexOrch(['run', 'resume', 'latest'], { cwd: program, env });
    await until('the next engine has its end', () => worker.said().includes('handed in'));
    expect(existsSync(path.join(root, 'late.go'))).toBe(false);
    release('late');
    const { code, stdout, stderr } = await resumed;
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining('done')]);
    expect([begun('early'), begun('late')]).toEqual([1, 1]);
    const integrated = await codexOrch(['run', 'integrate', 'latest'], { cwd: program, env });
    expect([integrated.code, integrated.stderr]).toEqual([0, '']);
    for (const id of ['early', 'late']) {
      expect(repository.git('show', `HEAD:${id}.txt`)).toBe(`what ${id} has made`);
    }
    const verified = await codexOrch(['run', 'verify', 'latest'], { cwd: program, env });
    expect(verified.code).toBe(0);
  });

  function task(id: string): object {
    const waits = `until [ -e ${root}/${id}.go ] || ! [ -d ${root} ]; do sleep 0.02; done`;
    const lines = [
      `echo begun >>${root}/${id}.begun`,
      waits,
      `echo what ${id} has made >${id}.txt`,
    ];
    return { id, title: id, status: 'ready', run: lines.join('\n') };
  }

  function begun(id: string): number {
    const file = path.join(root, `${id}.begun`);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
  }

  function release(id: string): void {
    writeFileSync(path.join(root, `${id}.go`), '');
  }
});
