import { describe, expect, it } from 'vitest';
import { machinesFor } from '../../../src/app/run/elsewhere.ts';
import { prepareStart } from '../../../src/app/run/prepare-start.ts';
import { temporalDefaults } from '../../../src/model/machines.ts';
import { loadGlobalConfig } from '../../../src/program/global-config.ts';
import { project, sampleProgram, task, writeFiles } from '../../program/sample-program.ts';
import { ownWorld } from '../../support/world.ts';

/** A program whose agents read nothing of config.toml, and a world with that file. */
function withConfig(config: string, more = '') {
  const program = sampleProgram({
    'project.yaml': `${project}${more}`,
    'tasks/a.yaml': task('a', "agent: shell\nrun: 'true'\nstatus: ready\n"),
  });
  writeFiles(program, { 'global/config.toml': config });
  const env = { ...process.env, CODEX_ORCH_GLOBAL_ROOT: `${program}/global` };
  return { program, world: { ...ownWorld, env } };
}

const options = { roots: ['a'], labels: [], inputs: [], cwd: '/' };

describe('a start', () => {
  it.each([
    ['executor = "temporl"', 'executor: "executor" must be one of local, temporal, not "temporl"'],
    ['executr = "temporal"', '"executr" is unknown'],
    ['[temporal]\naddress = "nowhere"', 'temporal.address: '],
    ['[temporal]\naddress = "10.0.0.1:7233"\ntls = {}', 'nothing seals'],
    ['depot = "here"', 'depot'],
    ['executor = ', 'is not valid TOML'],
    ['[temporal', 'is not valid TOML'],
    ['  [ "depot"]\nlisten', 'is not valid TOML'],
  ])(
    'is refused where config.toml says in vain who carries attempts out: %j',
    async (text, says) => {
      const { program, world } = withConfig(text);
      await expect(prepareStart(world, program, options)).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringContaining(says) as string,
      });
    },
  );

  it.each(['[codex\n', 'note = '])(
    'goes on with a file that cannot be read and speaks of no other machines: %j',
    async (text) => {
      const { program, world } = withConfig(text);
      await expect(prepareStart(world, program, options)).resolves.toMatchObject({ roots: ['a'] });
    },
  );

  it('goes by the program where that says it', async () => {
    const { program, world } = withConfig('executor = "temporl"\n', 'executor: local\n');
    await expect(prepareStart(world, program, options)).resolves.toMatchObject({ roots: ['a'] });
  });
});

describe('a run that goes on', () => {
  it('asks no other server than the one that config.toml was to name', async () => {
    const text = 'depot = "/mnt/depot"\n[temporal]\naddress = "nowhere"\n';
    const { program } = withConfig(text);
    const loaded = await loadGlobalConfig(`${program}/global`);
    const said = { executor: 'temporal' as const };
    const refused = (): unknown => machinesFor(loaded, program, said);
    expect(refused).toThrow(expect.objectContaining({ code: 'config-invalid' }) as Error);
    const known = machinesFor(loaded, program, { ...said, temporal: temporalDefaults });
    expect(known).toMatchObject({ temporal: temporalDefaults, depot: { directory: '/mnt/depot' } });
  });
});
