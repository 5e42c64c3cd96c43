/**
 * One of the many that work on a run at the same time. A process of its own, which uses the same functions
 * as the command line; the parent says which run, and gets back what was done and what went wrong.
 */
import { existsSync, linkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { answerInterrupt } from '../../src/app/inbox/answer.ts';
import { createInterrupt } from '../../src/app/inbox/create.ts';
import { listInterrupts } from '../../src/app/inbox/list.ts';
import { showRun } from '../../src/app/run/inspect-run.ts';
import { stopAndAbort } from '../../src/app/run/abort.ts';
import { resumeRun } from '../../src/app/run/resume.ts';
import { verifyRun } from '../../src/app/run/inspect-run.ts';
import { Refusal } from '../../src/model/refusal.ts';
import { runStatus } from '../../src/core/state/run-state.ts';
import { runPaths } from '../../src/store/layout.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { ownWorld } from '../support/world.ts';

export type Role = 'resumer' | 'replier' | 'file-replier' | 'asker' | 'aborter' | 'reader';

export interface Round {
  role: Role;
  programDir: string;
  runId: string;
  /** Unique among actors and rounds: part of every answer. */
  name: string;
}

export interface Report {
  name: string;
  actions: number;
  /** Interrupt → the answer that was accepted from this actor. */
  accepted: Record<string, string>;
  /** Questions that were put. */
  asked: string[];
  problems: string[];
}

/** Longest pause between two actions: those that cost much must not starve the others of the few cores. */
const pauseMs: Record<Role, number> = {
  resumer: 20,
  replier: 40,
  'file-replier': 40,
  asker: 100,
  aborter: 20,
  reader: 150,
};

/** What may be said to someone who comes second, or too late. */
const losses = new Set([
  'run-busy',
  'already-answered',
  'reply-refused',
  'not-retryable',
  'instance-not-found',
  'interrupt-not-found',
  'instance-over',
  'interrupt-closed',
]);

process.on('message', (round: Round) => {
  void play(round).then((report) => process.send?.(report));
});

async function play(round: Round): Promise<Report> {
  const { role, programDir, runId, name } = round;
  const paths = runPaths(programDir, runId);
  const report: Report = { name, actions: 0, accepted: {}, asked: [], problems: [] };
  const isOver = (): boolean => {
    const state = viewRun(paths).state;
    return runStatus(state) === 'done' || state.aborted;
  };
  for (;;) {
    try {
      if (isOver()) return report;
      report.actions += 1;
      await act();
    } catch (error) {
      if (!(error instanceof Refusal) || !losses.has(error.code)) {
        report.problems.push(`${role}: ${error instanceof Error ? error.stack : String(error)}`);
        return report;
      }
    }
    await delay(Math.random() * pauseMs[role]);
  }

  async function act(): Promise<void> {
    switch (role) {
      case 'resumer': {
        const drive = resumeRun(ownWorld, programDir, runId, { command: 'run resume' });
        const stop = setTimeout(() => drive.stop('graceful'), 20 + Math.random() * 2000);
        await drive.ended;
        clearTimeout(stop);
        return;
      }
      case 'replier': {
        const id = await openQuestion();
        if (id === null) return;
        const text = `${name}-${report.actions}`;
        const answer = { text, replyKind: 'answer' as const, payload: null };
        const rest = { rationale: null, confidence: null, citations: [] };
        const found = { paths, interruptId: id };
        const answered = await answerInterrupt(
          ownWorld,
          found,
          { ...answer, ...rest },
          { command: 'inbox reply' },
        );
        if (answered.recorded) report.accepted[id] = text;
        return;
      }
      case 'file-replier': {
        const id = await openQuestion();
        if (id === null || existsSync(paths.replyFile(id))) return;
        const text = `${name}-${report.actions}`;
        const temporary = path.join(paths.inboxReplies, `.${name}.tmp`);
        writeFileSync(temporary, JSON.stringify({ text }));
        try {
          linkSync(temporary, paths.replyFile(id));
          report.accepted[id] = text;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        } finally {
          unlinkSync(temporary);
        }
        return;
      }
      case 'asker': {
        const running = [...viewRun(paths).state.instances.values()].filter(
          ({ status }) => status === 'running' || status === 'waiting',
        );
        const instance = running[Math.floor(Math.random() * running.length)];
        if (!instance || report.actions > 4) return;
        const { interrupt } = await createInterrupt(
          ownWorld,
          { programDir, run: runId, instance: instance.instance_id, task: instance.task_id },
          {
            audience: 'human',
            blocking: Math.random() < 0.5,
            requestKind: 'question',
            decisionKind: null,
            text: `${name} asks`,
            options: [],
            artifacts: [],
            replySchema: null,
            priority: 'normal',
            targetRole: null,
            metadata: {},
          },
        );
        report.asked.push(interrupt.interrupt_id);
        return;
      }
      case 'aborter':
        await delay(Math.random() * 400);
        await stopAndAbort(ownWorld, programDir, runId);
        if (!viewRun(paths).state.aborted && !isOver()) {
          report.problems.push('aborter: told that the run is aborted, and it is not');
        }
        return;
      case 'reader': {
        const shown = showRun(programDir, runId);
        if (shown.id !== runId) report.problems.push('reader: another run was shown');
        await listInterrupts(programDir, {});
        const verified = await verifyRun(ownWorld, programDir, runId);
        if (!verified.ok) report.problems.push(`reader: ${JSON.stringify(verified.problems)}`);
        return;
      }
    }
  }

  async function openQuestion(): Promise<string | null> {
    const { entries } = await listInterrupts(programDir, { unresolvedOnly: true, run: runId });
    const open = entries.filter(({ reply }) => reply === null);
    return open[Math.floor(Math.random() * open.length)]?.interrupt.interrupt_id ?? null;
  }
}
