/** `parallel_fixes`: find what fails, mend each failure in a working tree of its own, check it, take all together. */
import { jsonText, schemaOf, taskHeader, type TemplateFiles } from './template.ts';

const failures = schemaOf('What fails', {
  failures: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        id: { type: 'string', description: 'Short, and no other failure has it.' },
        test: { type: 'string', description: 'The test, or the check, as its command names it.' },
        command: { type: 'string', description: 'What runs this one alone.' },
        message: { type: 'string', description: 'The lines that say why.' },
      },
      required: ['id', 'test', 'command', 'message'],
      additionalProperties: false,
    },
  },
});

const fix = schemaOf('One fix', {
  cause: { type: 'string', description: 'Why it failed.' },
  change: { type: 'string', description: 'What was changed, and why that is right.' },
});

const check = schemaOf('Whether it holds', {
  verdict: { type: 'string', enum: ['holds', 'fails'] },
  reason: { type: 'string' },
});

export const parallelFixes: TemplateFiles = {
  description:
    'Find what fails, and mend each failure at the same time, in a working tree of its own.',
  userInputs: { suite: 'inputs/suite.md' },
  // Enough for most; above it the run asks whether to go on.
  project: { isolation: 'tree', max_concurrency: 4, budget: { tokens: 10_000_000, attempts: 200 } },
  files: {
    'inputs/suite.md': `Describe here how the tests are run (the whole suite, and one test alone), and what must not be changed.
`,
    'schemas/failures.json': jsonText(failures),
    'schemas/fix.json': jsonText(fix),
    'schemas/check.json': jsonText(check),
    'tasks/find_failures.yaml': `${taskHeader}id: find_failures
title: Find what fails
status: ready
labels: [fixes]
compose:
  - {kind: file, path: prompts/find_failures.md}
  - {kind: ref, ref: inputs.suite}
publish: [result.json, final.md]
result_schema: schemas/failures.json
`,
    'tasks/fix_failure.yaml': `${taskHeader}id: fix_failure
title: Mend one failure
status: ready
labels: [fixes]
for_each:
  items: deps.find_failures.result.failures
  as: failure
  key: id
  ask_above: 25
  stop_after: 5
depends_on:
  - {task: find_failures, kind: order}
compose:
  - {kind: file, path: prompts/fix_failure.md}
  - {kind: ref, ref: inputs.failure}
  - {kind: ref, ref: inputs.suite}
  - {kind: ref, ref: runtime.replies}
publish: [result.json, final.md]
result_schema: schemas/fix.json
`,
    'tasks/check_fix.yaml': `${taskHeader}id: check_fix
title: Check the fix
status: ready
labels: [fixes]
depends_on:
  - {task: fix_failure, kind: context, consume: [result.json], as: fix}
compose:
  - {kind: file, path: prompts/check_fix.md}
  - {kind: ref, ref: inputs.failure}
  - {kind: ref, ref: deps.fix.result}
  - {kind: ref, ref: inputs.suite}
publish: [result.json]
result_schema: schemas/check.json
`,
    'tasks/take_together.yaml': `${taskHeader}id: take_together
title: Take the fixes together
status: ready
labels: [fixes]
depends_on:
  - {task: fix_failure, kind: context, consume: [final.md], as: fixes, gather: settled}
  - {task: check_fix, kind: order, as: checks, gather: settled}
compose:
  - {kind: file, path: prompts/take_together.md}
  - {kind: ref, ref: deps.fixes.result}
  - {kind: ref, ref: deps.checks.result}
  - {kind: ref, ref: inputs.suite}
publish: [final.md]
`,
    'prompts/find_failures.md': `# Find what fails

Run the whole suite as the input says. List every failure with the command that runs it alone. Failures with one cause
are one entry. Give each a short id that no other has. An empty list is a good result.

Mend nothing, and leave no file changed. The list goes to result.json; what a person should know of it to final.md.
`,
    'prompts/fix_failure.md': `# Mend one failure

The input \`failure\` is yours; others mend the other failures at the same time, each in a working tree of their own. Find
the cause, and mend that, not the test, unless the test is wrong. Change as little as the cause needs. Run the command
that runs this test alone, until it passes.

If a decision is needed that is not yours, ask for help. result.json: cause and change. final.md: the same for a person.
`,
    'prompts/check_fix.md': `# Check the fix

Somebody else has mended the failure, in the tree that you see. Do not trust it: run the command that runs the test alone,
look at the change, and ask whether it mends the cause. Change nothing.

result.json: verdict (holds, fails) and the reason.
`,
    'prompts/take_together.md': `# Take the fixes together

All fixes are merged in the tree that you see. \`deps.fixes.result\` and \`deps.checks.result\` say of each failure what became
of it. Undo what the check says does not hold. Run the whole suite, and mend what the fixes break together.

final.md: which failures are mended, which are not and why, and what a person should look at.
`,
  },
};
