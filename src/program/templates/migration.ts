/** `migration`: do the same to each of many files, in working trees of their own, and stop where it does not work. */
import { jsonText, schemaOf, taskHeader, type TemplateFiles } from './template.ts';

const files = schemaOf('What is to be migrated', {
  files: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        path: { type: 'string', description: 'Relative to the workspace; each file once.' },
        what: { type: 'string', description: 'What is to be done to it.' },
      },
      required: ['path', 'what'],
      additionalProperties: false,
    },
  },
});

const migrated = schemaOf('One migrated file', {
  changed: {
    type: 'array',
    items: { type: 'string' },
    description: 'The files that were changed.',
  },
  notes: { type: 'string', description: 'What whoever takes it together should know.' },
});

export const migration: TemplateFiles = {
  description: 'Migrate each of many files at the same time, and take the work together.',
  userInputs: { goal: 'inputs/goal.md' },
  // Enough for most; above it the run asks whether to go on.
  project: { isolation: 'tree', max_concurrency: 4, budget: { tokens: 20_000_000, attempts: 500 } },
  files: {
    'inputs/goal.md': `Describe here what is to be migrated, from what to what: which files count, an example of one before and after,
and how to tell that a file is right.
`,
    'schemas/files.json': jsonText(files),
    'schemas/migrated.json': jsonText(migrated),
    'tasks/list_files.yaml': `${taskHeader}id: list_files
title: List the files
status: ready
labels: [migration]
sandbox: read-only
compose:
  - {kind: file, path: prompts/list_files.md}
  - {kind: ref, ref: inputs.goal}
publish: [result.json, final.md]
result_schema: schemas/files.json
`,
    'tasks/migrate_file.yaml': `${taskHeader}id: migrate_file
title: Migrate one file
status: ready
labels: [migration]
for_each:
  items: deps.list_files.result.files
  as: file
  key: path
  ask_above: 10
  stop_after: 3
depends_on:
  - {task: list_files, kind: order}
compose:
  - {kind: file, path: prompts/migrate_file.md}
  - {kind: ref, ref: inputs.file}
  - {kind: ref, ref: inputs.goal}
  - {kind: ref, ref: runtime.replies}
publish: [result.json]
result_schema: schemas/migrated.json
`,
    'tasks/finish.yaml': `${taskHeader}id: finish
title: Take the work together
status: ready
labels: [migration]
depends_on:
  - {task: migrate_file, kind: order, as: migrated, gather: settled}
compose:
  - {kind: file, path: prompts/finish.md}
  - {kind: ref, ref: deps.migrated.result}
  - {kind: ref, ref: inputs.goal}
publish: [final.md]
`,
    'prompts/list_files.md': `# List the files

Find every file that the goal means, each once, and say of each what is to be done. Leave out what needs nothing.

result.json: the list. final.md: what a person should know of it. Change nothing.
`,
    'prompts/migrate_file.md': `# Migrate one file

The input \`file\` is yours; others migrate the other files at the same time, each in a working tree of their own. Change this
file, and what has to change with it, and nothing else. Check it as the goal says.

If a decision is needed that is not yours, ask for help. result.json: the files that you changed, and notes.
`,
    'prompts/finish.md': `# Take the work together

The work on all files is merged in the tree that you see. \`deps.migrated.result\` has one entry for each file, with what
became of it: one that failed, or was never begun, has no result. Check the whole as the goal says, and mend what does not
fit together.

final.md: what is migrated, what is not and why, and what a person should look at.
`,
  },
};
