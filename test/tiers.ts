/**
 * Which test files run when. Folders and files, relative to the root; a file that is named wins over its
 * folder. Each test file belongs to one tier; `long` runs some of them again, with many cases.
 */
export const tiers = {
  /** `npm test`: at every change. Needs no build, no browser, no Codex; few cases, the same each time. */
  quick: [
    'test/agents',
    'test/app',
    'test/attempt',
    'test/cli',
    'test/core',
    'test/disk',
    'test/engine',
    'test/execution',
    'test/git',
    'test/golden/logs.test.ts',
    'test/index.test.ts',
    'test/model',
    'test/processes',
    'test/program',
    'test/schema',
    'test/store',
    'test/support',
    'test/text',
    'test/web/data',
    'test/web/graph',
  ],
  /** `npm run test:all`: what needs the built program, many processes, a browser or Codex. */
  all: [
    'test/agents/acp/bridge.test.ts',
    'test/agents/acp/real.test.ts',
    'test/agents/claude/real.test.ts',
    'test/agents/codex/real.test.ts',
    'test/agents/codex/session-use.test.ts',
    'test/app/proposals/proposals.test.ts',
    'test/bench',
    'test/cli/run/run-commands.test.ts',
    'test/conformance',
    'test/contract',
    'test/docs',
    'test/faults',
    'test/golden',
    'test/hostile',
    'test/races',
    'test/store/lock',
    'test/text/expressions.test.ts',
    'test/web',
  ],
  /** The end of `npm run test:all`: timed, so one after the other and with nothing beside them. */
  alone: ['test/web/page-speed.test.ts'],
} as const satisfies Record<string, readonly string[]>;

export type Tier = keyof typeof tiers;

/** `npm run test:long`: those whose number of cases depends on the tier (`cases` of test/support/cases.ts). */
export const long = [
  'test/cli/render/plain-text.test.ts',
  'test/cli/render/screen.test.ts',
  'test/cli/render/yaml.test.ts',
  'test/core/plan/budgets.test.ts',
  'test/core/plan/scale.test.ts',
  'test/core/properties.test.ts',
  'test/faults/faults.test.ts',
  'test/hostile/hostile.test.ts',
  'test/program/mutations.test.ts',
  'test/program/source/edit-yaml.test.ts',
  'test/races/locks.test.ts',
  'test/races/races.test.ts',
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
