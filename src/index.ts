/**
 * codex-orch as a library: the verbs that the command line and the page are made of. Each is handed a World,
 * prints nothing, and throws a `Refusal` for what is expected to fail.
 */
export type { World } from './app/world.ts';
export { systemClock, type Clock } from './engine/clock.ts';
export { Refusal } from './model/refusal.ts';

export { startRun, type StartedRun, type StartOptions } from './app/run/start.ts';
export { planRun, type PlannedRun } from './app/run/dry-run.ts';
export { driveRun, type Drive, type DriveOptions, type DriveResult } from './app/run/drive.ts';
export { driveInBackground } from './app/run/background.ts';
export { resumeRun } from './app/run/resume.ts';
export { retryAndDrive } from './app/run/retry.ts';
export { reconcileRun } from './app/run/reconcile.ts';
export { stopAndAbort } from './app/run/abort.ts';
export { explainRun, listRuns, showRun, type RunExplanation } from './app/run/inspect-run.ts';

export { listInterrupts, showInterrupt, type InterruptEntry } from './app/inbox/list.ts';
export { createInterrupt } from './app/inbox/create.ts';
export { findInterrupt } from './app/inbox/find.ts';
export { answerInterrupt, type Answer, type AnsweredInterrupt } from './app/inbox/answer.ts';

export { listProposals, markProposal } from './app/proposals/proposals.ts';
