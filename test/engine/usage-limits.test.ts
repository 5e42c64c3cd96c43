/** Usage limits over hours, with a clock that is moved and engines that die. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { recordedLimits } from '../../src/attempt/hold/account-limits.ts';
import type { ProjectSpec } from '../../src/model/program.ts';
import { testDirectory } from '../support/built-program.ts';
import { task } from '../support/make.ts';
import { accountsIn } from './stage-accounts.ts';
import { Died, says, Stage, until, type Change, type Script } from './stage.ts';

const root = testDirectory('engine-limits');
afterAll(() => rmSync(root, { recursive: true, force: true }));
let globalRoot = '';
let count = 0;
beforeEach(() => {
  count += 1;
  globalRoot = path.join(root, String(count));
  mkdirSync(globalRoot);
});

const HOUR = 3600_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const at = (ms: number) => new Date(START + ms).toISOString();

/** Accounts as a run on disk has them; one try at a time, as the locks of the user see to it. */
const withAccounts: Change = (parts) => accountsIn(globalRoot)(parts);

/** Its account is limited until then; `retryAt` null: nobody says. */
function limitedUntil(clock: () => string, end: string, retryAt: string | null): Script {
  return () =>
    clock() >= end
      ? says('done')
      : {
          steps: [],
          end: {
            ...{ termination_reason: 'nonzero_exit', return_code: 1, resume_recommended: true },
            ...{ failure_kind: 'external_usage_limit', failure_summary: 'limit' },
            retry_at: retryAt,
          },
        };
}

function stageOf(
  ids: readonly string[],
  end: string,
  retryAt: string | null,
  project: Partial<ProjectSpec> = {},
): Stage {
  const script: Script = (attempt) => limitedUntil(() => stage.clock.now(), end, retryAt)(attempt);
  const stage: Stage = new Stage(
    ids.map((id) => task({ id })),
    Object.fromEntries(ids.map((id) => [id, script])),
    { slots: 1, project: { edition: 2, agents: {}, ...project } },
  );
  return stage;
}

/** Lets time pass from alarm to alarm, up to then. Returns when attempts began. */
async function passUntil(stage: Stage, ended: Promise<unknown>, end: string): Promise<void> {
  let isOver = false;
  const over = ended.finally(() => (isOver = true)).catch(() => undefined);
  while (!isOver) {
    await until(() => isOver || stage.clock.nextAlarm !== null);
    const next = stage.clock.nextAlarm;
    if (isOver || next === null) break;
    if (next > end) return;
    stage.clock.pass(Math.max(0, Date.parse(next) - Date.parse(stage.clock.now())));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await over;
}

function begins(stage: Stage): string[] {
  return stage.events
    .filter(({ event_type: type }) => type === 'attempt_started')
    .map(({ created_at: when }) => when);
}

describe('a usage limit', () => {
  it('of five hours ends with one try a minute after it, and the rest follow', async () => {
    const stage = stageOf(['a', 'b', 'c'], at(5 * HOUR), at(5 * HOUR));
    const drive = stage.drive({ change: withAccounts });
    await passUntil(stage, drive.ended, at(24 * HOUR));
    expect(await drive.ended).toBe('done');
    expect(stage.begun).toEqual(['a/1', 'a/2', 'b/1', 'c/1']);
    expect(begins(stage)).toEqual([at(0), ...Array<string>(3).fill(at(5 * HOUR + 60_000))]);
    expect(recordedLimits(globalRoot)).toEqual([]);
  });

  it('without a time is tried every half hour, until a person is asked', async () => {
    const stage = stageOf(['a', 'b'], at(100 * HOUR), null);
    const drive = stage.drive({ change: withAccounts });
    await passUntil(stage, drive.ended, at(48 * HOUR));
    expect(await drive.ended).toBe('waiting');
    expect(stage.begun).toHaveLength(24);
    expect(Date.parse(stage.clock.now())).toBeLessThanOrEqual(START + 12.5 * HOUR);
    const open = [...stage.state.interrupts.values()].map(({ interrupt }) => interrupt);
    expect(open.map(({ subject }) => subject)).toEqual(['usage_limit', 'usage_limit']);
  });

  it('that ends too late has a person asked at once, and is waited for where they say so', async () => {
    const stage = stageOf(['a'], at(30 * HOUR), at(30 * HOUR));
    expect(await stage.drive({ change: withAccounts }).ended).toBe('waiting');
    expect(stage.clock.now()).toBe(at(0));
    const [id = ''] = stage.state.interrupts.keys();
    stage.reply(id, 'wait');
    const drive = stage.drive({ change: withAccounts });
    await passUntil(stage, drive.ended, at(48 * HOUR));
    expect(await drive.ended).toBe('done');
    expect(begins(stage)).toEqual([at(0), at(30 * HOUR + 60_000)]);
  });

  it.each([true, false])('outlives engines that die at any commit (kept: %s)', async (kept) => {
    for (let commit = 1; commit < 12; commit += 1) {
      globalRoot = path.join(root, `${count}-${kept}-${commit}`);
      mkdirSync(globalRoot);
      const stage = stageOf(['a', 'b'], at(HOUR), at(HOUR));
      const dying = stage.drive({ change: withAccounts, death: { commit, kept } });
      await passUntil(stage, dying.ended, at(24 * HOUR));
      await dying.ended.catch((error: unknown) => expect(error).toBeInstanceOf(Died));
      const drive = stage.drive({ change: withAccounts });
      await passUntil(stage, drive.ended, at(24 * HOUR));
      expect(await drive.ended).toBe('done');
      expect(stage.begun.length).toBeLessThanOrEqual(5);
    }
  });
});
