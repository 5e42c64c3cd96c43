/** `review_panel`: reviewers with agents of their own look at one change; a judge takes their findings together. */
import { jsonText, schemaOf, taskHeader, type TemplateFiles } from './template.ts';

const review = schemaOf('One review', {
  verdict: { type: 'string', enum: ['accept', 'revise'] },
  findings: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        severity: { type: 'string', enum: ['must', 'should', 'could'] },
        place: { type: 'string', description: 'File and line.' },
        finding: { type: 'string' },
      },
      required: ['severity', 'place', 'finding'],
      additionalProperties: false,
    },
  },
});

const judgement = schemaOf('The judgement', {
  verdict: { type: 'string', enum: ['accept', 'revise'] },
  reason: { type: 'string' },
});

export const reviewPanel: TemplateFiles = {
  description: 'Have several reviewers look at a change, and one judge weigh what they find.',
  userInputs: { change: 'inputs/change.md' },
  project: {
    max_concurrency: 3,
    budget: { tokens: 5_000_000, attempts: 20 },
    // Each may have a model, or a backend, of its own.
    agents: {
      careful: { backend: 'codex' },
      wary: { backend: 'codex' },
      plain: { backend: 'codex' },
    },
  },
  files: {
    'inputs/change.md': `Describe here which change is to be reviewed (a branch, a commit, what is not committed yet) and what it is for.
`,
    'schemas/review.json': jsonText(review),
    'schemas/judgement.json': jsonText(judgement),
    'tasks/review.yaml': `${taskHeader}id: review
title: Review the change
status: ready
labels: [review]
agent: \${inputs.reviewer.agent}
sandbox: read-only
for_each:
  items:
    - {name: correctness, agent: careful, focus: Is it right? Look for wrong results and for cases that nobody thought of.}
    - {name: security, agent: wary, focus: What can somebody who wants to do harm make of it?}
    - {name: simplicity, agent: plain, focus: What could be left out, and what will nobody understand in a year?}
  as: reviewer
  key: name
compose:
  - {kind: file, path: prompts/review.md}
  - {kind: ref, ref: inputs.reviewer}
  - {kind: ref, ref: inputs.change}
publish: [result.json, final.md]
result_schema: schemas/review.json
`,
    'tasks/judge.yaml': `${taskHeader}id: judge
title: Weigh what they found
status: ready
labels: [review]
sandbox: read-only
depends_on:
  - {task: review, kind: context, consume: [final.md], as: reviews, gather: settled}
compose:
  - {kind: file, path: prompts/judge.md}
  - {kind: ref, ref: deps.reviews.result}
  - {kind: ref, ref: inputs.change}
publish: [result.json, final.md]
result_schema: schemas/judgement.json
`,
    'prompts/review.md': `# Review the change

The input \`reviewer\` says what you look for, and \`change\` what you look at. Read the change and what it touches. Look for
what you are asked to look for, and leave the rest to others. A finding names the place, and what goes wrong there.

result.json: verdict and findings. final.md: the same for a person. Change nothing.
`,
    'prompts/judge.md': `# Weigh what they found

\`deps.reviews.result\` has one entry for each reviewer, with what became of it: one that failed has no result. Look at each
finding yourself. Drop what is wrong, and say what is the same. A finding that is right and must be mended means "revise".

result.json: verdict and reason. final.md: what has to be mended, most important first, and who found it.
`,
  },
};
