import { describe, expect, it } from 'vitest';
import type { Executor } from '../../src/execution/executor.ts';
import { RoutedExecutor } from '../../src/execution/routed-executor.ts';
import type { AttemptOrder } from '../../src/model/attempt.ts';

const ofThisMachine = { cwd: '/' } as AttemptOrder;
const ofAnother = {
  ...ofThisMachine,
  remote: { id: 'r/i/1', queue: 'q', runDir: '/', questionsDir: '/', tree: null },
} satisfies AttemptOrder;
const heard = (): void => undefined;

/** Names itself where it is asked for anything. */
function named(name: string, said: string[]): Executor {
  const refuse = (): never => {
    throw new Error(name);
  };
  return {
    start: refuse,
    find: refuse,
    close: () => {
      said.push(`${name} closed`);
      return Promise.resolve();
    },
  };
}

describe('who carries an attempt out', () => {
  it('is this machine, unless its order is for another', async () => {
    const said: string[] = [];
    const routed = new RoutedExecutor(named('here', said));
    routed.reach(named('elsewhere', said));
    await expect(routed.start(ofThisMachine, heard)).rejects.toThrow('here');
    await expect(routed.find(ofThisMachine, heard)).rejects.toThrow('here');
    await expect(routed.start(ofAnother, heard)).rejects.toThrow('elsewhere');
    await expect(routed.find(ofAnother, heard)).rejects.toThrow('elsewhere');
    await routed.close();
    expect(said).toEqual(['here closed', 'elsewhere closed']);
  });

  it('is nobody, and never this machine, where others are not reached', async () => {
    const said: string[] = [];
    const routed = new RoutedExecutor(named('here', said));
    const unreached = { code: 'machines-unreached' };
    await expect(routed.start(ofAnother, heard)).rejects.toMatchObject(unreached);
    await expect(routed.find(ofAnother, heard)).rejects.toMatchObject(unreached);
    await routed.close();
    expect(said).toEqual(['here closed']);
  });
});
