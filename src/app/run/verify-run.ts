/** `run verify` for the command line and the page: from what a person types to the store's report. */
import { resolveRunId, runPaths } from '../../store/layout.ts';
import { verifyRun as verifyPaths } from '../../store/verify/verify.ts';
import type { VerifyReport } from '../../store/verify/report.ts';

export type { VerifyReport };

/** `run`: an id, a unique prefix, or `latest`. @throws Refusal as the store's `verifyRun` */
export async function verifyRun(
  programDir: string,
  run: string,
  options: { repair?: boolean } = {},
): Promise<VerifyReport> {
  return verifyPaths(runPaths(programDir, resolveRunId(programDir, run)), options);
}
