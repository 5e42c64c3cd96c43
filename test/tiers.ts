/**
 * Which test files run when. Folders and files, relative to the root; a file that is named wins over its
 * folder. Each test file belongs to one tier; `again` and `long` run some of them again, with more cases.
 */
export const tiers = {
  /**
   * `npm test`: at every change. Needs no build, no browser, no Codex; few cases, the same each time. The files share
   * two processes, one after the other: what one changes of its process, it puts back.
   */
  quick: [
    'test/agents',
    'test/app',
    'test/attempt',
    'test/cli',
    'test/core',
    'test/disk',
    'test/engine',
    'test/execution',
    'test/golden/logs.test.ts',
    'test/index.test.ts',
    'test/model',
    'test/processes',
    'test/program',
    'test/schema',
    'test/store',
    'test/store/lock/numbered-lock.test.ts',
    'test/support',
    'test/text',
    'test/web/data',
    'test/web/editor',
    'test/web/form',
    'test/web/graph',
  ],
  /** `npm run test:all`: what needs the built program, processes of its own, git, a browser or Codex, or much time. */
  all: [
    'test/agents/acp/bridge.test.ts',
    'test/agents/acp/real.test.ts',
    'test/agents/claude/real.test.ts',
    'test/agents/codex/real.test.ts',
    'test/agents/codex/session-use.test.ts',
    'test/app/machine/doctor-trees.test.ts',
    'test/app/proposals/proposals.test.ts',
    'test/attempt/harvest/large-artifacts.test.ts',
    'test/bench',
    'test/cli/blame.test.ts',
    'test/cli/run/run-commands.test.ts',
    'test/conformance',
    'test/contract',
    'test/core/plan/scale.test.ts',
    'test/docs',
    'test/execution/local/attempt-shell.test.ts',
    'test/execution/local/find.test.ts',
    'test/execution/local/launcher.test.ts',
    'test/execution/local/process-group.test.ts',
    'test/execution/local/watch.test.ts',
    'test/execution/temporal/depot-crashes.test.ts',
    'test/execution/temporal/depot-http.test.ts',
    'test/execution/temporal/faults.test.ts',
    'test/execution/temporal/depot.test.ts',
    'test/execution/temporal/engine-killed.test.ts',
    'test/execution/temporal/forgotten.test.ts',
    'test/execution/temporal/full-disk.test.ts',
    'test/execution/temporal/lost-hand-outs.test.ts',
    'test/execution/temporal/mutual-tls.test.ts',
    'test/execution/temporal/parcel-hostile.test.ts',
    'test/execution/temporal/parcel.test.ts',
    'test/execution/temporal/session.test.ts',
    'test/execution/temporal/worker/hosted-attempts.test.ts',
    'test/execution/temporal/worker/sweep.test.ts',
    'test/execution/temporal/server-probe.test.ts',
    'test/faults',
    'test/git',
    'test/golden',
    'test/hostile',
    'test/races',
    'test/schema/bundled.test.ts',
    'test/schema/without-end.test.ts',
    'test/store/lock',
    'test/store/log/failed-flush.test.ts',
    'test/text/expressions.test.ts',
    'test/text/shell-word.test.ts',
    'test/web',
  ],
  /** The end of `npm run test:all`: timed, so one after the other and with nothing beside them. */
  alone: ['test/web/page-speed.test.ts'],
} as const satisfies Record<string, readonly string[]>;

export type Tier = keyof typeof tiers;

/** `npm run test:long`: those whose number of cases depends on the tier (`cases` of test/support/cases.ts). */
export const long = [
  'test/cli/render/screen.test.ts',
  'test/cli/render/yaml.test.ts',
  'test/contract/16-kinds-of-repositories.test.ts',
  'test/contract/18-a-night-with-codex.test.ts',
  'test/core/events/misfit.test.ts',
  'test/core/limits.test.ts',
  'test/core/plan/budgets.test.ts',
  'test/core/plan/scale.test.ts',
  'test/core/properties.test.ts',
  'test/execution/temporal/depot-crashes.test.ts',
  'test/execution/temporal/faults.test.ts',
  'test/execution/temporal/lost-hand-outs.test.ts',
  'test/faults/faults.test.ts',
  'test/golden/logs.test.ts',
  'test/hostile/hostile.test.ts',
  'test/program/mutations.test.ts',
  'test/program/source/edit-yaml.test.ts',
  'test/races/locks.test.ts',
  'test/races/races.test.ts',
  'test/store/log/writer.test.ts',
  'test/text/plain-text.test.ts',
  'test/text/width.test.ts',
];

/** The tier of a test file, null where none names it. The longest entry that fits it decides. */
export function tierOf(file: string): Tier | null {
  let [found, longest]: [Tier | null, number] = [null, 0];
  for (const tier of ['quick', 'all', 'alone'] as const) {
    for (const entry of tiers[tier]) {
      if (entry.length <= longest || (file !== entry && !file.startsWith(`${entry}/`))) continue;
      [found, longest] = [tier, entry.length];
    }
  }
  return found;
}

/** Those of the quick tier that ask for their number of cases: `npm run test:all` runs them again, with more. */
export const again = long.filter((file) => tierOf(file) === 'quick');
