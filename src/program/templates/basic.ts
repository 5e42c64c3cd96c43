/** `basic`: plan, then do. */
import { taskHeader, type TemplateFiles } from './template.ts';

export const basic: TemplateFiles = {
  description: 'Plan a change, then make it.',
  userInputs: { brief: 'inputs/brief.md' },
  files: {
    'inputs/brief.md': `Describe here what is to be done: the goal, what must not change, and how to tell that it works.
`,
    'tasks/plan.yaml': `${taskHeader}id: plan
title: Plan the change
status: ready
labels: [plan]
sandbox: read-only
compose:
  - {kind: file, path: prompts/plan.md}
  - {kind: ref, ref: inputs.brief}
publish: [final.md]
`,
    'tasks/implement.yaml': `${taskHeader}id: implement
title: Make the change
status: ready
labels: [build]
depends_on:
  - task: plan
    kind: context
    consume: [final.md]
compose:
  - {kind: file, path: prompts/implement.md}
  - {kind: ref, ref: inputs.brief}
  - {kind: ref, ref: deps.plan.artifacts.final.md}
  - {kind: ref, ref: runtime.replies}
publish: [final.md]
`,
    'prompts/plan.md': `# Plan the change

Read the brief and the workspace. Write a plan that another engineer can follow without asking:

1. what is to change, file by file, and why;
2. what could break, and how that is tested;
3. what the brief leaves open, and the choice you made.

Change nothing in the workspace. The plan goes to final.md.
`,
    'prompts/implement.md': `# Make the change

Follow the plan. Where the code shows that the plan is wrong, do what serves the brief, and say so.

Run the tests of the workspace, and add those that the change needs. If the brief leaves a choice open that
is not yours to make, ask for help and wait for the reply.

Write to final.md: what you changed, how you tested it, and what is left.
`,
  },
};
