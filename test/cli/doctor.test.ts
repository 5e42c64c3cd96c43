import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureCli } from './captured-context.ts';

let root = '';
let program = '';
let env: NodeJS.ProcessEnv = {};
beforeAll(() => {
  mkdirSync('.test-tmp', { recursive: true });
  root = mkdtempSync(path.resolve('.test-tmp/doctor-'));
  program = path.join(root, 'prog');
  mkdirSync(path.join(program, 'tasks'), { recursive: true });
  writeProject('shell');
  const task = 'id: a\ntitle: A\nstatus: ready\nrun: "true"\n';
  writeFileSync(path.join(program, 'tasks', 'a.yaml'), task);
  env = { CODEX_ORCH_GLOBAL_ROOT: path.join(root, 'global'), PATH: process.env['PATH'] };
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function writeProject(agent: string, workspace = '.'): void {
  const lines = ['name: p', `workspace: ${workspace}`, `default_agent: ${agent}`];
  writeFileSync(path.join(program, 'project.yaml'), `${lines.join('\n')}\n`);
}

interface Shown {
  id: string;
  severity: string;
  message: string;
  remedy: string | null;
}

async function examine(
  extra: NodeJS.ProcessEnv = {},
  words: string[] = [],
): Promise<{ code: number; found: Shown[] }> {
  const { code, stdout } = await captureCli(['doctor', program, '--json', ...words], {
    env: { ...env, ...extra },
  });
  return { code, found: JSON.parse(stdout) as Shown[] };
}

describe('doctor', () => {
  it('finds nothing where nothing is wrong, and does not ask for Codex where nobody needs it', async () => {
    const { code, found } = await examine({ CODEX_ORCH_CODEX_BIN: '/nowhere/codex' });
    expect(found.filter(({ severity }) => severity !== 'ok')).toEqual([]);
    expect(code).toBe(0);
    expect(found.map(({ id }) => id)).toEqual([
      'node.version',
      'program.valid',
      'codex',
      'disk.writable',
      'disk.space',
      'runs',
    ]);
  });

  it('says what to do about a missing Codex and a wrong configuration, with exit status 2', async () => {
    mkdirSync(path.join(root, 'global'));
    writeFileSync(path.join(root, 'global', 'config.toml'), '[codex\n');
    writeProject('default');
    const { code, found } = await examine({ CODEX_ORCH_CODEX_BIN: '/nowhere/codex' });
    writeProject('shell');
    rmSync(path.join(root, 'global'), { recursive: true });
    expect(code).toBe(2);
    const bad = found.filter(({ severity }) => severity === 'error');
    expect(bad.map(({ id }) => id)).toEqual(['program.valid', 'config.syntax', 'codex.program']);
    expect(bad[2]?.message).toContain('/nowhere/codex');
    expect(bad[2]?.remedy).toContain('npm install');
  });

  it('names the programs of commands that are missing, or cannot start', async () => {
    const broken = path.join(root, 'broken.sh');
    writeFileSync(broken, '#!/no/such/interpreter\n', { mode: 0o755 });
    const project = path.join(program, 'project.yaml');
    const before = readFileSync(project, 'utf8');
    const agent = (name: string, word: string) =>
      `  ${name}: {backend: command, command: [${word}]}\n`;
    const agents = `agents:\n${agent('a', 'no-such-tool')}${agent('b', broken)}${agent('c', 'sh')}`;
    writeFileSync(project, `${before}${agents}`);
    for (const id of ['a', 'b', 'c']) {
      const text = `id: of-${id}\ntitle: ${id}\nagent: ${id}\ncompose: [{kind: literal, text: hi}]\n`;
      writeFileSync(path.join(program, 'tasks', `of-${id}.yaml`), text);
    }
    const { code, found } = await examine();
    writeFileSync(project, before);
    for (const id of ['a', 'b', 'c']) rmSync(path.join(program, 'tasks', `of-${id}.yaml`));
    expect(code).toBe(2);
    const told = found.filter(({ id }) => id === 'command.program');
    expect(told.map(({ message }) => message)).toEqual([
      'The program "no-such-tool" is not an executable file on PATH.',
      `The program ${broken} names the interpreter /no/such/interpreter in its first line, which does not exist.`,
    ]);
  });

  it('names what earlier versions left readable to others, and takes it from them', async () => {
    const run = path.join(program, '.runs', '20260101000000-0123abcd');
    mkdirSync(path.join(run, 'state'), { recursive: true });
    writeFileSync(path.join(run, 'state', 'run.json'), '{}');
    for (const place of [run, path.join(run, 'state')]) chmodSync(place, 0o755);
    chmodSync(path.join(run, 'state', 'run.json'), 0o644);
    const isNamed = async (...words: string[]): Promise<boolean> =>
      (await examine({}, words)).found.some(({ id }) => id === 'disk.private');
    expect(await isNamed()).toBe(true);
    expect(await isNamed('--fix')).toBe(false);
    expect(await isNamed()).toBe(false);
    const modes = ['', 'state', 'state/run.json'].map((name) => {
      return (statSync(path.join(run, name)).mode & 0o777).toString(8);
    });
    rmSync(run, { recursive: true });
    expect(modes).toEqual(['700', '700', '600']);
  });

  it('counts the errors of an invalid program', async () => {
    writeFileSync(path.join(program, 'tasks', 'b.yaml'), 'id: other\n');
    const { code, found } = await examine();
    rmSync(path.join(program, 'tasks', 'b.yaml'));
    expect(code).toBe(2);
    expect(found.find(({ id }) => id === 'program.valid')).toMatchObject({
      severity: 'error',
      message: expect.stringMatching(/has \d+ errors?/) as string,
    });
  });

  it('notices a damaged run, with exit status 1', async () => {
    const run = path.join(program, '.runs', '20260101000000-0123abcd');
    mkdirSync(run, { recursive: true });
    writeFileSync(path.join(run, 'events.jsonl'), '{"seq":1}\n{"seq":2}\n');
    const { code, found } = await examine();
    rmSync(path.join(program, '.runs'), { recursive: true });
    expect(code).toBe(1);
    expect(found.at(-1)).toMatchObject({ id: 'runs.damaged', severity: 'warning' });
  });
});
