/**
 * Rounds of a race: in each, many actors work on one run until it is over; some engines are killed. Then
 * the log is held against what may result.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { receiveIfFree } from '../../src/engine/as-writer.ts';
import { startRun } from '../../src/app/run/start.ts';
import { runStatus, type RunState } from '../../src/core/state/run-state.ts';
import { runPaths, type RunPaths } from '../../src/store/layout.ts';
import { scanLog } from '../../src/store/log/reader.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { verifyRunDirectory } from '../../src/store/verify/verify.ts';
import type { Report, Role, Round } from './actor.ts';
import { ownWorld } from '../support/world.ts';

export interface Tally {
  rounds: number;
  actions: number;
  answers: number;
  aborted: number;
  killed: number;
  problems: string[];
}

const cast: Role[] = [
  'resumer',
  'resumer',
  'replier',
  'replier',
  'file-replier',
  'asker',
  'reader',
];
/** A round that takes longer is stuck. */
const STUCK_MS = 60_000;

/** Plays rounds until told not to go on. `actor`: the bundled actor.ts. */
export async function playRounds(
  actor: string,
  directory: string,
  goesOn: (tally: Tally) => boolean,
): Promise<Tally> {
  const tally: Tally = { rounds: 0, actions: 0, answers: 0, aborted: 0, killed: 0, problems: [] };
  const employ = (): ChildProcess =>
    fork(actor, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const actors = cast.map((role) => ({ role, child: employ() }));
  const aborter = { role: 'aborter' as const, child: employ() };
  const programDir = path.join(directory, 'program');
  try {
    while (goesOn(tally) && tally.problems.length === 0) {
      rmSync(programDir, { recursive: true, force: true });
      writeProgram(programDir);
      const { runId } = await startRun(ownWorld, programDir, {
        roots: ['join'],
        labels: [],
        inputs: [],
        cwd: programDir,
      });
      const round = tally.rounds;
      const withAbort = Math.random() < 0.25;
      const playing = withAbort ? [...actors, aborter] : actors;
      const reports = await Promise.all(
        playing.map(async (one, index) => {
          const name = `r${round}-${index}`;
          const order: Round = { role: one.role, programDir, runId, name };
          if (one.role !== 'resumer' || Math.random() < 0.8) return told(one.child, order);
          // An engine that is killed at work; another takes its part.
          const lost = told(one.child, order);
          const lateMs = Math.random() * 600;
          await new Promise((resolve) => setTimeout(resolve, lateMs));
          one.child.kill('SIGKILL');
          await lost;
          tally.killed += 1;
          one.child = employ();
          return told(one.child, order);
        }),
      );
      tally.rounds += 1;
      const whole = reports.filter((report) => report !== null);
      for (const report of whole) {
        tally.actions += report.actions;
        tally.answers += Object.keys(report.accepted).length;
      }
      const paths = runPaths(programDir, runId);
      // An answer by file may come when the last engine has gone: whoever writes to the run next takes it in.
      await receiveIfFree(ownWorld, paths, 'races');
      const state = viewRun(paths).state;
      if (state.aborted) tally.aborted += 1;
      if (tally.rounds % 25 === 0) process.stdout.write(`races: ${JSON.stringify(tally)}\n`);
      tally.problems.push(...(await judge(paths, state, whole)));
    }
  } finally {
    for (const { child } of [...actors, aborter]) child.kill('SIGKILL');
  }
  return tally;
}

/** null: it was killed before it could report. */
function told(child: ChildProcess, round: Round): Promise<Report | null> {
  return new Promise((resolve) => {
    const finish = (report: Report | null): void => {
      clearTimeout(timer);
      child.off('message', finish);
      child.off('exit', gone);
      resolve(report);
    };
    const gone = (): void => finish(null);
    const timer = setTimeout(() => {
      const problems = [`${round.role} did not see an end in ${STUCK_MS / 1000} s`];
      finish({ name: round.name, actions: 0, accepted: {}, asked: [], problems });
    }, STUCK_MS);
    child.on('message', finish);
    child.once('exit', gone);
    child.send(round);
  });
}

/** What may result, whatever the order in which the actors came. */
async function judge(paths: RunPaths, state: RunState, reports: Report[]): Promise<string[]> {
  const problems = reports.flatMap((report) => report.problems);
  const resolved = new Map<string, string>();
  scanLog(paths.eventsLog, (event) => {
    if (event.event_type !== 'interrupt_resolved') return;
    const { interrupt_id: id, reply } = event.payload;
    if (resolved.has(id)) problems.push(`${id} was answered twice`);
    resolved.set(id, reply.text);
  });
  for (const { accepted, asked, name } of reports) {
    for (const [id, text] of Object.entries(accepted)) {
      // An abort may leave an answer in the inbox.
      if (state.aborted && !resolved.has(id)) continue;
      if (resolved.get(id) !== text) {
        problems.push(`${name} was told that its answer to ${id} stands; ${resolved.get(id)} does`);
      }
    }
    for (const id of asked) {
      if (!state.interrupts.has(id) && !existsSync(paths.interruptFile(id))) {
        problems.push(`the question ${id} of ${name} is lost`);
      }
    }
  }
  const begun = linesOf(path.join(paths.authoredDir, 'attempts.log'));
  if (new Set(begun).size !== begun.length)
    problems.push(`an attempt began twice: ${begun.sort()}`);
  const recorded = new Set(
    [...state.instances.values()].flatMap(({ instance_id, attempt }) =>
      Array.from({ length: attempt }, (_, n) => `${instance_id} ${String(n + 1).padStart(4, '0')}`),
    ),
  );
  for (const line of begun) if (!recorded.has(line)) problems.push(`not recorded: ${line}`);
  const status = runStatus(state);
  const statuses = [...state.instances.values()].map((instance) => instance.status);
  if (state.aborted) {
    if (status !== 'failed') problems.push(`aborted, and ${status}`);
    if (statuses.some((one) => !['done', 'failed', 'skipped'].includes(one))) {
      problems.push(`aborted, with ${statuses.join(', ')}`);
    }
  } else if (status !== 'done' || statuses.some((one) => one !== 'done')) {
    problems.push(`ended ${status}, with ${statuses.join(', ')}`);
  }
  const report = await verifyRunDirectory(paths, { now: () => new Date().toISOString() });
  if (!report.ok) problems.push(`run verify: ${JSON.stringify(report.problems)}`);
  return problems;
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

/** Three that ask before they end, and fail if they go on without an answer; and one after them. */
function writeProgram(directory: string): void {
  mkdirSync(path.join(directory, 'tasks'), { recursive: true });
  const note = 'echo "$CODEX_ORCH_INSTANCE_ID ${CODEX_ORCH_ATTEMPT_DIR##*/}" >> attempts.log';
  const ask = [
    note,
    'inbox="$CODEX_ORCH_PROGRAM_DIR/.runs/$CODEX_ORCH_RUN_ID/inbox/interrupts"',
    'id="int-${CODEX_ORCH_INSTANCE_ID##*-}aaaa"',
    'if [ -e "$inbox/$id.json" ]; then',
    '  grep -q \'"text"\' "$CODEX_ORCH_ATTEMPT_DIR/context/refs/runtime/latest_reply.json" || exit 9',
    '  echo answered; exit 0',
    'fi',
    `printf '{"interrupt_id":"%s","run_id":"%s","instance_id":"%s","task_id":"%s","audience":"human","request_kind":"approval","question":"May I?"}' "$id" "$CODEX_ORCH_RUN_ID" "$CODEX_ORCH_INSTANCE_ID" "$CODEX_ORCH_TASK_ID" > "$inbox/.$id.tmp"`,
    'mv "$inbox/.$id.tmp" "$inbox/$id.json"',
    'sleep 0.05',
  ];
  const file = (name: string, text: string): void => {
    writeFileSync(path.join(directory, name), text);
  };
  file(
    'project.yaml',
    'name: race\nworkspace: .\ndefault_agent: shell\nmax_concurrency: 3\nnode_terminate_grace_sec: 1\n',
  );
  for (const id of ['one', 'two', 'three']) {
    const lines = ask.map((line) => `  ${line}\n`).join('');
    file(
      `tasks/${id}.yaml`,
      `id: ${id}\ntitle: ${id}\nstatus: ready\ncompose: [{kind: ref, ref: runtime.latest_reply}]\nrun: |\n${lines}`,
    );
  }
  const after = ['one', 'two', 'three'].map((id) => `{task: ${id}, kind: order}`).join(', ');
  file(
    'tasks/join.yaml',
    `id: join\ntitle: join\nstatus: ready\ndepends_on: [${after}]\nrun: |\n  ${note}\n  echo joined\n`,
  );
}
