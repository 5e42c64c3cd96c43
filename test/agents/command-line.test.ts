import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'smol-toml';
import type { CommandLine, Located } from '../../src/agents/backend.ts';
import { codexBackend } from '../../src/agents/codex/backend.ts';
import { codexCli } from '../../src/agents/codex/binary.ts';
import { findProgram } from '../../src/agents/find-program.ts';
import { nothingLocated } from '../../src/agents/located.ts';
import { Refusal } from '../../src/model/refusal.ts';
import { newOrder, temporaryDirectory, type OrderChange } from '../execution/local/orders.ts';

const root = temporaryDirectory('argv');
const found: Located = { ...nothingLocated, program: '/bin/codex' };

function codexLine(change: OrderChange, at: Partial<Located> = {}) {
  const places = { cwd: '/w', attemptDir: '/p/a' };
  const order = newOrder(root, { backend: 'codex', ...places, ...change });
  return codexBackend.commandLine(order, { ...found, ...at });
}

describe('the command line of Codex', () => {
  it('restates everything before `resume`, the author’s arguments after ours', () => {
    const agent = { args: ['-c', 'model_reasoning_effort=low'] };
    const { argv, env } = codexLine({
      agent,
      writableRoots: ['/extra'],
      model: 'm',
      outputSchemaFile: '/p/a/schema.json',
      sessionId: '0199aaaa-0000-7000-8000-000000000001',
    });
    expect(argv).toEqual([
      ...['/bin/codex', 'exec', '--json', '--skip-git-repo-check', '-C', '/w'],
      ...['-c', 'allow_login_shell=false', '-s', 'workspace-write'],
      ...['--add-dir', '/p/a', '--add-dir', '/extra'],
      ...['-m', 'm', '--output-schema', '/p/a/schema.json'],
      ...[
        '-c',
        'model_reasoning_effort=low',
        'resume',
        '0199aaaa-0000-7000-8000-000000000001',
        '-',
      ],
    ]);
    expect(env).toEqual({});
  });

  it('names the servers of tools that the agent is given', () => {
    const env = { A: 'of-mine $B \\\nx', C: 'y' };
    const mcp = { db: { command: ['db-mcp', '--ro', 'a"b'], env } };
    const settingsOf = ({ argv }: CommandLine): object =>
      parse(argv.filter((_, i) => argv[i - 1] === '-c').join('\n'));
    const file = '/p/control/given-db.sh';
    const line = codexLine({ controlDir: '/p/control', agent: { mcp } });
    const args = ['-c', '. "$0" && exec "$@"', file, 'db-mcp', '--ro', 'a"b'];
    expect(settingsOf(line)).toMatchObject({
      mcp_servers: { db: { command: '/bin/sh', args, env: {} } },
    });
    // Everybody on the machine can read the command line.
    expect(line.argv.join(' ')).not.toContain('of-mine');
    expect(line.given).toEqual({ [file]: "export A='of-mine $B \\\nx'\nexport C='y'\n" });
    const bare = codexLine({ agent: { mcp: { db: { ...mcp.db, env: {} } } } });
    expect(bare.given).toEqual({});
    expect(settingsOf(bare)).toMatchObject({
      mcp_servers: { db: { command: 'db-mcp', args: ['--ro', 'a"b'], env: {} } },
    });
  });

  it('closes /tmp where the program lies in it', () => {
    const { argv, env, directories } = codexLine({}, { isProgramOpen: true });
    expect(argv).toContain('sandbox_workspace_write.exclude_slash_tmp=true');
    expect(argv).toContain('sandbox_workspace_write.exclude_tmpdir_env_var=true');
    expect(env).toEqual({ TMPDIR: '/p/a/scratch' });
    expect(directories).toEqual(['/p/a/scratch']);
  });

  it('closes the program where the workspace holds it, but not the attempt', () => {
    const at = { kept: ['/w/program'] };
    const { argv } = codexLine({ attemptDir: '/w/program/a', writableRoots: ['/extra'] }, at);
    expect(argv).not.toContain('-s');
    const settings = argv.filter((_, i) => argv[i - 1] === '-c').join('\n');
    expect(parse(settings)).toMatchObject({
      default_permissions: 'codex-orch-workspace',
      permissions: {
        'codex-orch-workspace': {
          extends: ':workspace',
          filesystem: { '/w/program': 'read', '/w/program/a': 'write', '/extra': 'write' },
        },
      },
    });
  });

  it('leaves the sandbox to an author who sets it up', () => {
    const agent = { args: ['-c', 'sandbox_workspace_write.network_access=true'] };
    const { argv } = codexLine({ agent }, { kept: ['/w/program'] });
    expect(argv.slice(8, 10)).toEqual(['-s', 'workspace-write']);
  });

  it('opens just the attempt with read-only, without --sandbox', () => {
    const attemptDir = '/p/a "quoted" \\ü\x7f';
    const { argv } = codexLine({ sandbox: 'read-only', attemptDir });
    expect(argv).not.toContain('-s');
    expect(argv).not.toContain('--add-dir');
    const settings = argv.filter((_, i) => argv[i - 1] === '-c').join('\n');
    expect(parse(settings)).toMatchObject({
      default_permissions: 'codex-orch-read-only',
      permissions: {
        'codex-orch-read-only': {
          extends: ':read-only',
          filesystem: { [attemptDir]: 'write' },
        },
      },
    });
  });

  it('gives full access as such', () => {
    const { argv } = codexLine({ sandbox: 'danger-full-access' });
    expect(argv.slice(8, 10)).toEqual(['-s', 'danger-full-access']);
    expect(argv).not.toContain('--add-dir');
  });
});

describe('the Codex program', () => {
  const tool = (name: string) => {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 });
    return file;
  };

  it('is the variable’s, else the configured one, else the first on PATH', () => {
    const [a, b, c] = [tool('a'), tool('b'), tool('bin/codex')];
    const PATH = `${path.join(root, 'nowhere')}:${path.dirname(c)}`;
    expect(findProgram(codexCli, b, { CODEX_ORCH_CODEX_BIN: a, PATH })).toBe(a);
    expect(findProgram(codexCli, b, { PATH })).toBe(b);
    expect(findProgram(codexCli, null, { PATH })).toBe(c);
    symlinkSync(c, path.join(root, 'bin/codex-next'));
    expect(findProgram(codexCli, 'codex-next', { PATH })).toBe(path.join(root, 'bin/codex-next'));
  });

  it.each([
    ['/nowhere/codex', {}],
    [null, { PATH: '/nowhere' }],
    [root, {}],
  ])('that is missing is refused, with what to do: %s', (configured, env) => {
    try {
      findProgram(codexCli, configured, env);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(Refusal);
      expect((error as Refusal).code).toBe('codex-not-found');
      expect((error as Refusal).hint).toMatch(/npm install.*CODEX_ORCH_CODEX_BIN.*doctor/);
    }
  });
});
