/**
 * Appends to the log named by the first argument until it is refused, frees some space, tries again, and
 * prints what happened. Where there is no log it starts one, beside a file that takes up space.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { newEvent } from '../../../src/core/state/recorder.ts';
import { Refusal } from '../../../src/model/refusal.ts';
import { EventLog } from '../../../src/store/log/writer.ts';
import { scanLog } from '../../../src/store/log/reader.ts';
import { samplePlan } from '../sample-run.ts';

const [, , file = ''] = process.argv;
const runId = path.basename(path.dirname(file));
const now = '2026-01-02T03:04:05.000Z';
const filler = path.join(path.dirname(file), 'filler');

let appended = 0;
const told: Record<string, unknown> = {};
const codes: string[] = [];
const isNew = !existsSync(file);
if (isNew) writeFileSync(filler, 'x'.repeat(24 * 1024));
const created = newEvent(runId, 1, 'run_created', null, now, samplePlan());
const log = isNew ? EventLog.create(file, [created]) : EventLog.openForAppend(file);
if (isNew) appended += 1;

function append(): void {
  const seq = log.position.seq;
  // Two lines at once, so that the first may fit and the second not.
  log.append(
    [seq + 1, seq + 2].map((each) =>
      newEvent(runId, each, 'proposal_dropped', null, now, {
        interrupt_id: 'int-0123456789ab',
        reason: 'none',
        proposal: 'p'.repeat(3000),
      }),
    ),
  );
  appended += 2;
}

function attempt(work: () => void): void {
  try {
    work();
    codes.push('appended');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    codes.push(error.code);
    told['message'] ??= error.message;
    told['hint'] ??= error.hint;
  }
}

attempt(() => {
  for (;;) append();
});
rmSync(filler, { force: true });
attempt(append);
log.close();
let whole = 0;
const end = scanLog(file, () => void (whole += 1));
process.stdout.write(JSON.stringify({ ...told, codes, appended, whole, tornBytes: end.tornBytes }));
