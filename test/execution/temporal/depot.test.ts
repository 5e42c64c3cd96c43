import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AttemptOrder } from '../../../src/model/attempt.ts';
import { read, until } from '../local/orders.ts';
import {
  carried,
  deliveryOf,
  host,
  madeTree,
  remoteOrder,
  runSide,
  treeOrder,
  workOn,
} from './remote-attempts.ts';

/** Of a shell line. An agent whose directory is gone waits no longer. */
const untilLetGo =
  'until [ -e "$CODEX_ORCH_ATTEMPT_DIR/go" ] || ! [ -d "$CODEX_ORCH_ATTEMPT_DIR" ]; do sleep 0.02; done';

/** `there`: as its worker has it. */
function letGo(there: AttemptOrder): void {
  writeFileSync(path.join(there.attemptDir, 'go'), '');
}

describe('an attempt that goes to another machine by a directory', () => {
  it('has what it was given at the same places, and brings back what it left', async () => {
    const { root, dispatch } = runSide();
    const order = remoteOrder(
      root,
      'cat; cat context/in.txt; pwd; echo "$CODEX_ORCH_ATTEMPT_DIR" > "$CODEX_ORCH_ATTEMPT_DIR/where.txt"; echo out >&2; mkdir -p "$CODEX_ORCH_ATTEMPT_DIR/d"; printf x > "$CODEX_ORCH_ATTEMPT_DIR/d/tool"; chmod +x "$CODEX_ORCH_ATTEMPT_DIR/d/tool"; cat "$CODEX_ORCH_ATTEMPT_DIR/context/in.txt"',
    );
    writeFileSync(
      path.join(order.controlDir, 'prompt.md'),
      `Your directory: ${order.attemptDir}, and no ${order.programDir}s.\n`,
    );
    mkdirSync(path.join(order.attemptDir, 'context'), { recursive: true });
    // What a person wrote names this machine's place, and still does there.
    writeFileSync(path.join(order.attemptDir, 'context', 'in.txt'), `at ${order.attemptDir}\n`);
    const placement = await dispatch.give(order);
    expect(await dispatch.given(order)).toEqual(placement);
    const machine = host();
    const { order: there } = await workOn(placement, machine);
    const end = await dispatch.takeIn(order);
    expect(end).toMatchObject({ termination_reason: 'completed', return_code: 0 });
    expect(end.final_message).toEqual({ file: path.join(order.controlDir, 'events.jsonl') });
    const printed = read(order, 'events.jsonl');
    expect(printed).toContain(`Your directory: ${there.attemptDir}, and no ${order.programDir}s.`);
    expect(printed).toContain(`at ${order.attemptDir}\n`);
    expect(printed).toContain(there.cwd);
    expect(read(order, 'stderr.log')).toContain('out');
    const where = read(order, 'where.txt').trim();
    expect(where).toBe(there.attemptDir);
    expect(where.startsWith(machine.directory)).toBe(true);
    const tool = statSync(path.join(order.attemptDir, 'd', 'tool'));
    expect(tool.mode & 0o777).toBe(0o700);
    expect(await dispatch.takeIn(order)).toEqual(end);
    await dispatch.close(order);
    expect(await dispatch.given(order)).toBeNull();
  });

  it('has printed nothing, and has its output all the same', async () => {
    const { root, dispatch } = runSide();
    const order = remoteOrder(root, ':');
    await carried({ dispatch }, order);
    for (const name of ['events.jsonl', 'stderr.log']) {
      expect(readFileSync(path.join(order.controlDir, name), 'utf8')).toBe('');
    }
  });

  it('says what it prints while it runs, and is told', async () => {
    const { root, dispatch } = runSide();
    const order = remoteOrder(root, `echo one; ${untilLetGo}; echo two`);
    const placement = await dispatch.give(order);
    const heard: string[] = [];
    let isEnded = false;
    const stop = dispatch.follow(order, {
      sign: ({ host: name, state }) => heard.push(`${name} ${state}`),
      output: () => heard.push('output'),
      end: () => (isEnded = true),
    });
    await workOn(placement, host(), async (there, delivery) => {
      await delivery.sign({ host: 'h1', state: 'running', at: new Date().toISOString() });
      const mirrored = path.join(order.controlDir, 'events.jsonl');
      for (;;) {
        await delivery.handInOutput(there);
        if (existsSync(mirrored) && readFileSync(mirrored, 'utf8') === 'one\n') break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      dispatch.tell(order, { stop: { reason: 'terminated', how: 'ask' }, isOver: false });
      const orders = await delivery.handInOutput(there);
      expect(orders).toEqual({ stop: { reason: 'terminated', how: 'ask' }, isOver: false });
      letGo(there);
    });
    await until('the end is heard of', () => isEnded);
    stop();
    expect(heard).toContain('h1 running');
    expect(heard).toContain('output');
    await dispatch.takeIn(order);
    const mirrored = path.join(order.controlDir, 'events.jsonl');
    expect(readFileSync(mirrored, 'utf8')).toBe('one\ntwo\n');
  });

  it('is over for a worker of an earlier generation, once another is given', async () => {
    const { root, dispatch } = runSide();
    const order = remoteOrder(root, 'echo "$CODEX_ORCH_ATTEMPT_DIR"');
    const machine = host();
    const late = deliveryOf(await dispatch.give(order), machine);
    const next = { ...order, generation: 1 };
    await workOn(await dispatch.give(next), machine);
    const sign = { host: 'h', state: 'laying_out', at: new Date().toISOString() } as const;
    expect(await late.sign(sign)).toEqual({ stop: null, isOver: true });
    expect(await dispatch.takeIn(next)).toMatchObject({ return_code: 0 });
  });

  it('asks while it runs, and nobody but a question lies where questions are judged', async () => {
    const { root, dispatch } = runSide();
    const run =
      'cd "$CODEX_ORCH_QUESTIONS_DIR"; echo "{\\"a\\":1}" > int-1.json; echo x > "../x.json"; ln -s /etc/passwd int-2.json; echo y > ".hidden.json"';
    const order = remoteOrder(root, `mkdir -p "$CODEX_ORCH_QUESTIONS_DIR"; ${run}; ${untilLetGo}`);
    const { questionsDir = '' } = order.remote ?? {};
    const placement = await dispatch.give(order);
    const heard: string[] = [];
    const stop = dispatch.follow(order, {
      sign: () => undefined,
      output: () => heard.push('output'),
      end: () => heard.push('end'),
    });
    await workOn(placement, host(), async (there, delivery) => {
      while (!existsSync(path.join(questionsDir, 'int-1.json'))) {
        await delivery.handInOutput(there);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(heard).not.toContain('end');
      letGo(there);
    });
    await until('the end is heard of', () => heard.includes('end'));
    stop();
    await dispatch.takeIn(order);
    expect(readdirSync(questionsDir)).toEqual(['int-1.json']);
    expect(readFileSync(path.join(questionsDir, 'int-1.json'), 'utf8')).toBe('{"a":1}\n');
  });

  it('works in a tree of its own, and its work lies in that of the run', async () => {
    const { root, dispatch } = runSide();
    const made = await madeTree(root, {
      'a.txt': 'one\n',
      'gone.txt': 'x\n',
      '.gitignore': 'ig\n',
    });
    const { tree } = made;
    writeFileSync(path.join(tree.directory, 'before.txt'), 'of an earlier attempt\n');
    const run =
      'set -e; cat before.txt; echo two >> a.txt; rm gone.txt; mkdir d; echo n > d/new; echo i > ig; git status --short; git log --oneline | cat';
    const order = treeOrder(root, made, run);
    const { end, there } = await carried({ dispatch }, order);
    expect(there.cwd).not.toBe(tree.directory);
    expect(end).toMatchObject({ termination_reason: 'completed', return_code: 0 });
    const printed = read(order, 'events.jsonl');
    expect(printed).toContain('of an earlier attempt');
    expect(printed).toContain('?? before.txt');
    expect(printed).toContain('first');
    const at = (name: string): string => path.join(tree.directory, name);
    expect(readFileSync(at('a.txt'), 'utf8')).toBe('one\ntwo\n');
    expect(readFileSync(at('d/new'), 'utf8')).toBe('n\n');
    expect(readFileSync(at('before.txt'), 'utf8')).toBe('of an earlier attempt\n');
    expect([existsSync(at('gone.txt')), existsSync(at('ig'))]).toEqual([false, false]);
    await dispatch.close(order);
    expect(made.repository.git('for-each-ref', 'refs/codex-orch')).toBe('');
  });

  it('asks no more for the base that an earlier run has sent', async () => {
    const { root, dispatch } = runSide();
    const made = await madeTree(root);
    const machine = host();
    for (const side of [{ root, dispatch }, runSide()]) {
      const order = treeOrder(side.root, made, ':');
      await carried(side, order, machine);
      await side.dispatch.close(order);
    }
    expect(readdirSync(path.join(machine.directory, 'cache'))).toHaveLength(1);
  });
});
