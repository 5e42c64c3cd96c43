/**
 * The logs of 300 random runs of format 1, byte for byte as the store would write them: the core's decisions, the
 * order of its events and of their fields. logs.json holds a digest of each; three are kept whole in logs/.
 *
 * The random machinery of test/core draws from the reference model, so a change there changes the logs too.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events/events.ts';
import { CHAIN_START, eventLine } from '../../src/store/log/chain.ts';
import { runCase } from '../core/cases.ts';
import { cases } from '../support/cases.ts';
import { expectGolden, expectGoldenBeginning } from './golden.ts';

const FIRST_SEED = 10_001;
const ALL_CASES = 300;
const CASES = cases({ fewest: 30, few: ALL_CASES, many: ALL_CASES });
const WHOLE_SEEDS = new Set([10_029, 10_085, 10_275]);

/** All that the machinery can bring about; proposals come of assistants, which it has not. */
const EVENT_TYPES = [
  'artifacts_published',
  'attempt_finished',
  'attempt_started',
  'control_emitted',
  'input_scope_created',
  'instance_created',
  'instance_done',
  'instance_failed',
  'instance_requeued',
  'instance_resumed',
  'instance_runnable',
  'instance_skipped',
  'instance_waiting',
  'interrupt_applied',
  'interrupt_requested',
  'interrupt_resolved',
  'loop_continued',
  'loop_stopped',
  'result_materialized',
  'route_selected',
  'route_unselected',
  'run_aborted',
  'run_completed',
  'run_created',
  'session_lost',
];

interface LogDigest {
  events: number;
  sha256: string;
}

describe('random runs', () => {
  it(`${CASES} logs are what they were`, { timeout: 240_000 }, () => {
    const digests: Record<string, LogDigest> = {};
    const types = new Set<string>();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed += 1) {
      const events = runCase(seed, undefined, 1);
      const log = writtenLog(events);
      for (const { event_type: type } of events) types.add(type);
      digests[seed] = { events: events.length, sha256: sha256(log) };
      if (WHOLE_SEEDS.has(seed)) expectGolden(`logs/${seed}.jsonl`, log);
    }
    const lines = Object.entries(digests).map(
      ([seed, digest]) => `  "${seed}": ${JSON.stringify(digest)}`,
    );
    const text = `{\n${lines.join(',\n')}`;
    if (CASES < ALL_CASES) return expectGoldenBeginning('logs.json', `${text},\n`);
    expect([...types].sort()).toEqual(EVENT_TYPES);
    expectGolden('logs.json', `${text}\n}\n`);
  });
});

/** As `EventLog` writes it: each line with the digest of the one before. */
function writtenLog(events: readonly RunEvent[]): string {
  let prev = CHAIN_START;
  let log = '';
  for (const event of events) {
    const line = eventLine(event, prev);
    prev = sha256(line);
    log += `${line}\n`;
  }
  return log;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
