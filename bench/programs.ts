/** Programs to measure with: wide, a chain, a loop, a random graph of sleeping tasks. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface BenchProgram {
  directory: string;
  /** Words that select all of it. */
  select: string[];
}

export function begin(directory: string, project: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(path.join(directory, 'tasks'), { recursive: true });
  const text = `name: bench\nworkspace: .\ndefault_agent: shell\n${project}`;
  writeFileSync(path.join(directory, 'project.yaml'), text);
}

export function task(directory: string, id: string, run: string, more = ''): void {
  const text = `id: ${id}\ntitle: ${id}\nstatus: ready\nlabels: [all]\nrun: ${JSON.stringify(run)}\n${more}`;
  writeFileSync(path.join(directory, 'tasks', `${id}.yaml`), text);
}

const all = ['--label', 'all'];

export function wide(directory: string, count: number, atOnce = 2, run = ':'): BenchProgram {
  begin(directory, `max_concurrency: ${atOnce}\n`);
  for (let i = 0; i < count; i += 1) task(directory, `t${i}`, run);
  return { directory, select: all };
}

/** One task for each of `count` items, which another gathers. */
export function items(directory: string, count: number): BenchProgram {
  begin(directory, 'max_concurrency: 2\n');
  const list = Array.from({ length: count }, (_, at) => at);
  const region = `for_each: {items: ${JSON.stringify(list)}, as: one, ask_above: null, max_items: ${count}}\n`;
  task(directory, 'each', ':', region);
  task(directory, 'end', ':', 'depends_on: [{task: each, kind: order, gather: settled}]\n');
  return { directory, select: ['--root', 'end'] };
}

/** As many controllers that decide by a rule, each for an item; none of them chooses anything. */
export function deciders(directory: string, count: number): BenchProgram {
  begin(directory, 'max_concurrency: 2\n');
  const list = JSON.stringify(Array.from({ length: count }, (_, at) => at));
  const lines = [
    ...['id: gate', 'title: gate', 'status: ready', 'kind: controller'],
    `for_each: {items: ${list}, as: one, ask_above: null, max_items: ${count}}`,
    'control:',
    '  mode: route',
    '  routes: [{label: on, targets: [on]}]',
    '  decide:',
    '    - {when: {ref: inputs.one, matches: {const: none}}, labels: [on]}',
    '    - {labels: []}',
  ];
  writeFileSync(path.join(directory, 'tasks', 'gate.yaml'), `${lines.join('\n')}\n`);
  task(directory, 'on', ':', 'depends_on: [{task: gate, kind: order}]\n');
  return { directory, select: ['--root', 'on'] };
}

export function chain(directory: string, count: number, run = ':'): BenchProgram {
  begin(directory, 'max_concurrency: 2\n');
  for (let i = 0; i < count; i += 1) {
    const more = i === 0 ? '' : `depends_on: [{task: t${i - 1}, kind: order}]\n`;
    task(directory, `t${i}`, run, more);
  }
  return { directory, select: ['--root', `t${count - 1}`] };
}

/** `count` instances: a body of one task and its controller, `count / 2 - 1` times continued. */
export function loop(directory: string, count: number): BenchProgram {
  begin(directory, 'max_concurrency: 2\nuser_inputs: {n: n.json}\n');
  writeFileSync(path.join(directory, 'n.json'), '1');
  task(directory, 'work', ':');
  const gate = [
    'read -r n < "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/n.json"',
    `if [ "$n" -lt ${Math.floor(count / 2)} ]`,
    `then echo '{"control":{"kind":"loop","action":"continue","next_inputs":{"n":'$((n+1))'}}}'`,
    `else echo '{"control":{"kind":"loop","action":"stop"}}'`,
    'fi',
  ].join('; ');
  task(
    directory,
    'gate',
    gate.replaceAll('; then', ' ; then').replaceAll('; else', ' ; else'),
    'kind: controller\ndepends_on: [{task: work, kind: order}]\ncompose: [{kind: ref, ref: inputs.n}]\ncontrol: {mode: loop, continue_targets: [work]}\n',
  );
  return { directory, select: ['--root', 'gate'] };
}

export interface Sleepers extends BenchProgram {
  /** No schedule is shorter: the longest chain, or all work shared out evenly, whichever is more. */
  boundMs: number;
  /** What our order of starting takes where nothing else costs any time. */
  scheduleMs: number;
}

/** A random graph of sleeping tasks. */
export function sleepers(directory: string, count: number, slots: number, seed: number): Sleepers {
  begin(directory, `max_concurrency: ${slots}\n`);
  const random = generator(seed);
  const tasks: Sleeper[] = [];
  for (let i = 0; i < count; i += 1) {
    const sleepMs = 100 + Math.floor(random() * 400);
    const upstream = [...Array(i).keys()].filter(() => random() < 2 / (i + 1));
    tasks.push({ sleepMs, upstream });
    const id = `t${String(i).padStart(3, '0')}`;
    const edges = upstream.map((u) => `{task: t${String(u).padStart(3, '0')}, kind: order}`);
    task(directory, id, `sleep ${sleepMs / 1000}`, `depends_on: [${edges.join(', ')}]\n`);
  }
  return { directory, select: all, ...schedule(tasks, slots) };
}

interface Sleeper {
  sleepMs: number;
  upstream: number[];
}

function schedule(tasks: Sleeper[], slots: number): { boundMs: number; scheduleMs: number } {
  // Of the chains that begin with a task: the longest in tasks, and in time. Upstream tasks come before.
  const chains = tasks.map(({ sleepMs }) => ({ tasks: 1, ms: sleepMs }));
  for (let id = tasks.length - 1; id >= 0; id -= 1) {
    for (const up of tasks[id]!.upstream) {
      const longest = chains[up]!;
      longest.tasks = Math.max(longest.tasks, chains[id]!.tasks + 1);
      longest.ms = Math.max(longest.ms, chains[id]!.ms + tasks[up]!.sleepMs);
    }
  }
  const work = tasks.reduce((sum, { sleepMs }) => sum + sleepMs, 0);
  const boundMs = Math.max(work / slots, ...chains.map(({ ms }) => ms));
  const order = [...tasks.keys()].sort((a, b) => chains[b]!.tasks - chains[a]!.tasks);
  return { boundMs, scheduleMs: listSchedule(tasks, order, slots) };
}

/** When the last task ends if whatever can run is started in this order. */
function listSchedule(tasks: Sleeper[], order: number[], slots: number): number {
  const endMs = new Map<number, number>();
  const running: { task: number; endMs: number }[] = [];
  const waiting = new Set(order);
  let nowMs = 0;
  while (waiting.size > 0 || running.length > 0) {
    for (const id of waiting) {
      if (running.length >= slots) break;
      const { sleepMs, upstream } = tasks[id]!;
      if (!upstream.every((u) => (endMs.get(u) ?? Infinity) <= nowMs)) continue;
      waiting.delete(id);
      running.push({ task: id, endMs: nowMs + sleepMs });
    }
    running.sort((a, b) => a.endMs - b.endMs);
    const next = running.shift();
    if (!next) break;
    nowMs = next.endMs;
    endMs.set(next.task, nowMs);
  }
  return nowMs;
}

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
