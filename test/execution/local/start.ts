/** Starts attempts by a launcher, as an engine does; with CODEX_ORCH_TEST_DIRECT=1 as where there is none. */
import { startLauncher } from '../../../src/execution/local/launch.ts';
import type { AgentLaunch, AttemptEnd, AttemptProcess } from '../../../src/model/attempt.ts';
import { startAttempt as start } from '../../../src/execution/local/start.ts';

const launcher = process.env['CODEX_ORCH_TEST_DIRECT'] === '1' ? null : startLauncher();

export function startAttempt(launch: AgentLaunch): Promise<AttemptProcess> {
  return start(launch, launcher);
}

/** Starts an attempt, and waits for its end. */
export async function runToEnd(launch: AgentLaunch): Promise<AttemptEnd> {
  return (await startAttempt(launch)).ended;
}
