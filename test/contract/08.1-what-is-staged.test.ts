/** Section 8.1 of the contract: what cannot be staged. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { dir, instancesOf, orch, program, show } from './shell-program.ts';

describe('8.1 What is staged', () => {
  it('what cannot be staged fails the instance before any process starts', async () => {
    program({
      b: { run: ':' },
      a: {
        run: 'touch ran',
        depends_on: [{ task: 'b', kind: 'order' }],
        compose: [{ kind: 'ref', ref: 'deps.b.result' }],
      },
    });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    const [a] = instancesOf(await show(), 'a');
    expect(a!.error).toContain('deps.b.result');
    expect(existsSync(path.join(dir, 'ran'))).toBe(false);
  });
});
