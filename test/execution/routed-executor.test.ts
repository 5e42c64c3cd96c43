import { describe, expect, it } from 'vitest';
import type { Executor } from '../../src/execution/executor.ts';
import { RoutedExecutor } from '../../src/execution/routed-executor.ts';
import type { AttemptOrder } from '../../src/model/attempt.ts';

const ofThisMachine = { cwd: '/' } as AttemptOrder;
const ofAnother = {
  ...ofThisMachine,
  remote: { id: 'r/i/1', queue: 'q', runDir: '/', questionsDir: '/', tree: null },
} satisfies AttemptOrder;

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
  it('is this machine, unless its order is for another; that is made once, and not before', async () => {
    const said: string[] = [];
    const routed = new RoutedExecutor(named('here', said), () => {
      said.push('made');
      return Promise.resolve(named('elsewhere', said));
    });
    const heard = (): void => undefined;
    await expect(routed.start(ofThisMachine, heard)).rejects.toThrow('here');
    await expect(routed.find(ofThisMachine, heard)).rejects.toThrow('here');
    expect(said).toEqual([]);
    await expect(routed.start(ofAnother, heard)).rejects.toThrow('elsewhere');
    await expect(routed.find(ofAnother, heard)).rejects.toThrow('elsewhere');
    await routed.close();
    expect(said).toEqual(['made', 'here closed', 'elsewhere closed']);
  });

  it('closes this machine alone where nothing went elsewhere, or could not', async () => {
    const said: string[] = [];
    const failing = (): Promise<Executor> => Promise.reject(new Error('no server'));
    const unused = new RoutedExecutor(named('here', said), failing);
    await unused.close();
    const failed = new RoutedExecutor(named('here', said), failing);
    await expect(failed.start(ofAnother, () => undefined)).rejects.toThrow('no server');
    await failed.close();
    expect(said).toEqual(['here closed', 'here closed']);
  });
});
