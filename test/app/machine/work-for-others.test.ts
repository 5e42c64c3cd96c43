import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { workForOthers } from '../../../src/app/machine/work-for-others.ts';
import { temporaryDirectory, writeFiles } from '../../program/sample-program.ts';
import { ownWorld } from '../../support/world.ts';

describe('a worker', () => {
  it.each([
    ['[temporl]\naddress = "10.0.0.1:7233"', 'Did you mean "temporal"?', '"temporl" is unknown'],
    ['[temporal]\nadress = "127.0.0.1:7233"', '', 'temporal.adress: '],
    ['[temporal', '', 'is not valid TOML'],
    ['[temporal]\naddress = "10.0.0.1:7233"\ntls = {}', '', 'nothing seals what it passes on'],
    ['[temporal]\naddress = "10.0.0.1:7233"\nqueue_key_env = "K"', '', 'in plain text'],
  ])(
    'refuses to ask a server that config.toml does not name as it must: %j',
    async (text, hint, says) => {
      const root = temporaryDirectory();
      writeFiles(root, { 'config.toml': text });
      const world = { ...ownWorld, env: { ...process.env, CODEX_ORCH_GLOBAL_ROOT: root } };
      const refused = workForOthers(world, { queue: 'q', slots: 1 }, () => undefined);
      await expect(refused).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringContaining(says) as string,
        hint: expect.stringContaining(hint) as string,
      });
      await expect(refused).rejects.toThrow(path.join(root, 'config.toml'));
    },
  );
});
