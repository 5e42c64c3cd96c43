/** A small run on disk, made by the real core and store: two tasks, a question, a result, an artifact. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { plan } from '../../src/core/plan/plan.ts';
import { createRun } from '../../src/core/plan/create-run.ts';
import type { RunEvent } from '../../src/core/events/events.ts';
import { finishAttempt, type AttemptFacts } from '../../src/core/judge/finish.ts';
import { decide, type Request } from '../../src/core/requests/decide.ts';
import type { TaskSpec } from '../../src/model/program.ts';
import {
  FORMAT_VERSION,
  type Reply,
  type RunPlan,
  type InstanceInterrupt,
} from '../../src/model/run.ts';
import type { RunState } from '../../src/core/state/run-state.ts';
import { sha256 } from '../../src/disk/sha256.ts';
import { DirectoryRunStore } from '../../src/store/directory/store.ts';
import type { LogPosition } from '../../src/store/log/chain.ts';
import { scanLog } from '../../src/store/log/reader.ts';
import { newRunId, runPaths, type RunPaths } from '../../src/store/layout.ts';
import { ended, interrupt, project, reply, runPlan, task } from '../support/make.ts';

const testTmp = path.resolve('.test-tmp');

/** An empty program directory; removed by the function that comes with it. */
export function temporaryProgram(): { dir: string; remove: () => void } {
  mkdirSync(testTmp, { recursive: true });
  const dir = mkdtempSync(path.join(testTmp, 'store-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

function taskOf(id: string, dependsOn: string[]): TaskSpec {
  return task({
    id,
    title: `Task ${id} – größer`,
    depends_on: dependsOn,
    compose: [{ kind: 'file', path: 'prompts/ask.md' }],
    publish: id === 'build' ? [] : ['final.md'],
  });
}

const PROMPT = 'Ask first.\n';
export const RESULT = '{"answer": 42}';
const FINAL = 'Done.\n';

export function samplePlan(formatVersion = FORMAT_VERSION): RunPlan {
  return runPlan([taskOf('ask', []), taskOf('build', ['ask'])], {
    format_version: formatVersion,
    tool_version: '1.0.0',
    roots: ['build'],
    project: project({
      name: 'sample',
      node_wall_timeout_sec: null,
      node_idle_timeout_sec: null,
    }),
    task_path_templates: {
      ask: { workspace: null, extra_writable_roots: [] },
      build: { workspace: null, extra_writable_roots: [] },
    },
    user_inputs: { topic: 'zeilen\nund "Zeichen" \u2028 🧵' },
    files: [
      { relative_path: 'prompts/ask.md', size: Buffer.byteLength(PROMPT), sha256: sha256(PROMPT) },
    ],
  });
}

export function sampleInterrupt(
  runId: string,
  instanceId: string,
  change: Partial<InstanceInterrupt> = {},
): InstanceInterrupt {
  return interrupt({
    run_id: runId,
    instance_id: instanceId,
    question: 'Which way?',
    options: ['left', 'right'],
    created_at: '2026-01-02T03:04:07.000Z',
    ...change,
  });
}

export function sampleReply(interruptId: string, change: Partial<Reply> = {}): Reply {
  return reply({
    interrupt_id: interruptId,
    text: 'left',
    payload: {},
    created_at: '2026-01-02T03:04:09.000Z',
    ...change,
  });
}

export interface SampleRun {
  paths: RunPaths;
  state: RunState;
  events: RunEvent[];
  /** The instance that asked, and has a result and an artifact once done. */
  asker: string;
}

/** All events of a run that asked one question and is done, with the state they lead to. */
export function sampleEvents(
  runId: string,
  formatVersion = FORMAT_VERSION,
): Omit<SampleRun, 'paths'> {
  let second = 5;
  const now = (): string => `2026-01-02T03:04:${String(second++).padStart(2, '0')}.000Z`;
  const { state, events } = createRun(samplePlan(formatVersion), runId, now());
  const go = (): void => {
    events.push(...plan(state, { slots: 2, now: now() }).events);
  };
  const ask = (request: Request): void => {
    const decision = decide(state, request, now());
    if (!decision.ok) throw new Error(decision.reason);
    events.push(...decision.events);
  };
  const finish = (id: string, facts: Partial<AttemptFacts>): void => {
    const none: AttemptFacts = {
      process: ended({ session_id: 'session-1' }),
      result: { kind: 'none' },
      artifacts: { kind: 'published', artifacts: [] },
    };
    events.push(...finishAttempt(state, id, { ...none, ...facts }, now()));
  };
  go();
  const asker = [...state.instances.keys()][0] ?? '';
  ask({ command: 'ask', interrupt: sampleInterrupt(runId, asker) });
  finish(asker, {});
  ask({ command: 'reply', reply: sampleReply('int-0123456789ab') });
  go();
  finish(asker, {
    result: { kind: 'value', value: JSON.parse(RESULT), sha256: sha256(RESULT) },
    artifacts: {
      kind: 'published',
      artifacts: [{ relative_path: 'final.md', size: FINAL.length, sha256: sha256(FINAL) }],
    },
  });
  go();
  const builder = [...state.instances.keys()][1] ?? '';
  finish(builder, {});
  go();
  return { state, events, asker };
}

/** The same on disk, with its frozen file, artifact, result and cache. */
export function sampleRun(programDir: string, now = new Date()): SampleRun {
  const paths = runPaths(programDir, newRunId(now.toISOString()));
  const { begin } = storeOf(programDir).create(paths.runId);
  const sample = sampleEvents(paths.runId);
  mkdirSync(path.join(paths.programDir, 'prompts'));
  writeFileSync(path.join(paths.programDir, 'prompts', 'ask.md'), PROMPT);
  const attempt = paths.attemptDir(sample.asker, 2);
  mkdirSync(attempt, { recursive: true });
  writeFileSync(path.join(attempt, 'result.json'), RESULT);
  mkdirSync(paths.publishedDir(sample.asker), { recursive: true });
  writeFileSync(path.join(paths.publishedDir(sample.asker), 'final.md'), FINAL);
  begin(sample.events, sample.state);
  return { paths, ...sample };
}

export const systemNow = (): string => new Date().toISOString();

export function storeOf(programDir: string): DirectoryRunStore {
  return new DirectoryRunStore(programDir, { now: systemNow, sync: false });
}

/** Where the log of a run ends. */
export function endOf(paths: RunPaths): LogPosition {
  return scanLog(paths.eventsLog, () => undefined);
}
