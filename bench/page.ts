/**
 * The page in a real browser, by the processor time of its own thread: what else the machine does changes that little.
 * Chromium is looked for where test/web looks; without it these rows say so, and measure nothing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { chromium, type BrowserContext, type CDPSession, type Page } from 'playwright-core';
import { row, rounds, times, type Bench, type Row } from './bench.ts';
import { median } from './measure.ts';
import { planOf, taskSpec } from './planning.ts';
import { begin } from './programs.ts';
import { writeRun } from './synthetic-run.ts';

const runId = '20260101000000-00000001';

export async function page(bench: Bench): Promise<Row[]> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) return [];
  const [many, few] = bench.quick ? [60, 20] : [2000, 20];
  const large = await serve(bench, programOf(bench, 'page-large', many));
  const small = await serve(bench, programOf(bench, 'page-small', few));
  const empty = await serve(bench, programOf(bench, 'page-empty', 0));
  const context = await chromium.launchPersistentContext(path.join(bench.directory, 'profile'), {
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--js-flags=--expose-gc'],
  });
  try {
    for (const { url } of [large, small, empty]) await signIn(context, url);
    const first = await firstViews(bench, context, large, empty);
    const tabs = await tabSwitches(bench, context, large, small);
    const { frames, growth } = await updates(bench, context, small);
    return [
      row(
        `page: first view of ${many} instances against that of an empty program, processor time`,
        first.said,
        'at most 4×',
        first.ratio <= 4,
      ),
      row(
        `page: a tab of ${many} instances against one of ${few}, processor time`,
        tabs.said,
        'at most 2×',
        tabs.ratio <= 2,
      ),
      row('page: until an event is on screen', `${frames} × a frame`, 'at most 3×', frames <= 3),
      row(
        'page: memory after the updates of an hour, one a second, against that after those of ten minutes',
        times(growth),
        'at most 1.1×',
        growth <= 1.1,
      ),
    ];
  } finally {
    await context.close();
    for (const { child } of [large, small, empty]) child.kill();
  }
}

function programOf(bench: Bench, name: string, instances: number): string {
  const directory = path.join(bench.directory, name);
  begin(directory, '');
  if (instances === 0) return directory;
  const ids = Array.from({ length: instances - 2 }, (_, at) => `part_${at}`);
  const tasks = [
    taskSpec('split', []),
    ...ids.map((id) => taskSpec(id, ['split'])),
    taskSpec('merge', ids),
  ];
  writeRun(directory, planOf(tasks), runId, 'merge');
  return directory;
}

interface Served {
  child: ChildProcess;
  /** With the token. */
  url: string;
}

async function serve(bench: Bench, program: string): Promise<Served> {
  const words = [bench.cli, 'web', program, '--port', '0', '--json'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`web ended with ${code}`)));
  });
  return { child, url: (JSON.parse(line) as { url: string }).url };
}

async function signIn(context: BrowserContext, url: string): Promise<void> {
  const opened = await context.newPage();
  await opened.goto(url);
  await opened.locator('.side').waitFor();
  await opened.close();
}

/** What the page's thread has worked since it was opened, ms. */
async function worked(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Infinity);
}

async function metered(opened: Page): Promise<CDPSession> {
  const session = await opened.context().newCDPSession(opened);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return session;
}

/** Until there is nothing to draw any more. */
async function settled(opened: Page): Promise<void> {
  await opened.evaluate(
    `new Promise((resolve) => requestIdleCallback(resolve, { timeout: 5000 }))`,
  );
}

interface Ratio {
  ratio: number;
  said: string;
}

function ratioOf(ours: number[], theirs: number[]): Ratio {
  const [a, b] = [median(ours), median(theirs)];
  const said = `${times(a / b)} (${Math.round(a)} ms against ${Math.round(b)} ms)`;
  return { ratio: a / b, said };
}

async function firstViews(bench: Bench, context: BrowserContext, large: Served, empty: Served) {
  const look = async ({ url }: Served, address: string, shown: string): Promise<number> => {
    const opened = await context.newPage();
    const session = await metered(opened);
    await opened.goto(new URL(address, url).href);
    await opened.locator(shown).first().waitFor();
    await settled(opened);
    const spent = await worked(session);
    await opened.close();
    return spent;
  };
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < rounds(bench, 7); turn += 1) {
    ours.push(await look(large, `/runs/${runId}`, '.task-node'));
    theirs.push(await look(empty, '/', 'main h1'));
  }
  return ratioOf(ours, theirs);
}

async function tabSwitches(bench: Bench, context: BrowserContext, large: Served, small: Served) {
  const look = async ({ url }: Served): Promise<number> => {
    const opened = await context.newPage();
    const session = await metered(opened);
    await opened.goto(new URL(`/runs/${runId}`, url).href);
    await opened.locator('.task-node').first().waitFor();
    await settled(opened);
    const before = await worked(session);
    for (const [tab, shown] of [
      ['Instances', '.instance-row'],
      ['Timeline', '.timeline'],
      ['Graph', '.task-node'],
    ] as const) {
      await opened.getByRole('link', { name: new RegExp(`^${tab}`) }).click();
      await opened.locator(shown).first().waitFor();
      await settled(opened);
    }
    const spent = (await worked(session)) - before;
    await opened.close();
    return spent;
  };
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < rounds(bench, 5); turn += 1) {
    ours.push(await look(large));
    theirs.push(await look(small));
  }
  return ratioOf(ours, theirs);
}

/**
 * Puts updates of the run into the page as its stream would, and counts the frames until each is on screen; then as many
 * as an hour brings, and what of the memory stays.
 */
async function updates(bench: Bench, context: BrowserContext, { url }: Served) {
  const opened = await context.newPage();
  await opened.addInitScript(stream);
  await opened.goto(new URL(`/runs/${runId}`, url).href);
  await opened.locator('.task-node').first().waitFor();
  await settled(opened);
  const seen = await opened.evaluate<number[]>(`(async () => {
    const frames = [];
    for (let at = 0; at < ${bench.quick ? 3 : 40}; at += 1) frames.push(await window.show(at));
    return frames;
  })()`);
  const all = bench.quick ? 60 : 3600;
  const session = await context.newCDPSession(opened);
  const used = async (from: number, to: number): Promise<number> => {
    await opened.evaluate(`(async () => {
      for (let at = ${from}; at < ${to}; at += 1) await window.show(at);
    })()`);
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    return usedSize;
  };
  const early = await used(100, 100 + all / 6);
  const late = await used(100 + all / 6, 100 + all);
  await opened.close();
  return { frames: median(seen), growth: late / early };
}

/** The stream of the run keeps its handlers where updates can be handed to them. */
const stream = `(() => {
  const Real = EventSource;
  let hand = null;
  let view = null;
  window.EventSource = class extends Real {
    constructor(address) {
      super(address);
      if (!String(address).includes('/api/runs/')) return;
      const add = this.addEventListener.bind(this);
      this.addEventListener = (name, handler) => {
        if (name === 'update') hand = handler;
        add(name, handler);
      };
      fetch(String(address).replace(/\\/live.*/, '')).then((answer) => answer.json()).then((body) => {
        view = body;
      });
    }
  };
  window.show = async (number) => {
    while (!hand || !view) await new Promise((resolve) => setTimeout(resolve, 20));
    const bar = document.querySelector('.run-progress');
    const counts = { ...view.run.counts, running: number % 7 + 1, done: number };
    const instances = view.instances.slice(0, 3).map((each, at) => ({ ...each, attempt: number + at }));
    const seq = view.run.seq + number + 1;
    const data = JSON.stringify({
      events: [{ seq, event_type: 'instance_done', instance_id: instances[0].instance_id,
        created_at: new Date().toISOString(), payload: {}, payload_omitted: false }],
      run: { ...view.run, seq, counts },
      instances, scopes: [], interrupts: [], proposals: [],
    });
    const before = bar.textContent;
    hand(new MessageEvent('update', { data }));
    for (let frames = 1; ; frames += 1) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      if (bar.textContent !== before || frames > 60) return frames;
    }
  };
})();`;
