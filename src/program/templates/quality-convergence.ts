/** `quality_convergence`: improve until a gate is satisfied, then let a person accept the result. */
import { jsonText, roleHeader, taskHeader, type TemplateFiles } from './template.ts';

const object = (properties: Record<string, unknown>): Record<string, unknown> => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const schema = (title: string, properties: Record<string, unknown>): string =>
  jsonText({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    ...object(properties),
  });

const state = object({
  attempt: { type: 'integer', description: 'Attempts made so far.' },
  findings: {
    type: 'array',
    items: object({
      summary: { type: 'string' },
      severity: { type: 'string', enum: ['blocker', 'major', 'minor'] },
      evidence: { type: 'string', description: 'File, line, test or command.' },
    }),
  },
  focus: { type: 'string', description: 'What the next attempt should look at first.' },
});

const role = (
  id: string,
  title: string,
  description: string,
  policy: string,
  instructions: string,
): Record<string, string> => ({
  [`assistant_roles/${id}/role.yaml`]: `${roleHeader}id: ${id}
title: ${title}
description: ${description}
sandbox: read-only
instructions: instructions.md
policy:
${policy}`,
  [`assistant_roles/${id}/instructions.md`]: instructions,
});

export const qualityConvergence: TemplateFiles = {
  description: 'Improve a piece of work until it holds, then have a person accept it.',
  userInputs: { quality_bar: 'inputs/quality_bar.md', quality_state: 'inputs/quality_state.json' },
  files: {
    'inputs/quality_bar.md': `Describe here what is to be improved, and what "good enough" means: the tests, measurements or reviews that
must pass, and what must not get worse.
`,
    'inputs/quality_state.json': jsonText({ attempt: 0, findings: [], focus: '' }),
    'schemas/quality_loop_gate.json': schema('Another attempt, or not', {
      control: {
        anyOf: [
          object({
            kind: { type: 'string', const: 'loop' },
            action: { type: 'string', const: 'continue' },
            next_inputs: object({ quality_state: state }),
          }),
          object({
            kind: { type: 'string', const: 'loop' },
            action: { type: 'string', const: 'stop' },
          }),
        ],
      },
      reason: { type: 'string' },
    }),
    'schemas/acceptance_gate.json': schema('What follows from the review', {
      control: object({
        kind: { type: 'string', const: 'route' },
        labels: { type: 'array', items: { type: 'string', enum: ['accept', 'revise', 'scope'] } },
      }),
      reason: { type: 'string' },
    }),
    'tasks/baseline_run.yaml': `${taskHeader}id: baseline_run
title: Measure where things stand
status: ready
labels: [quality, tests]
compose:
  - {kind: file, path: prompts/baseline_run.md}
  - {kind: ref, ref: inputs.quality_bar}
publish: [final.md]
assistant_hints:
  preferred_roles: [test-triage]
`,
    'tasks/quality_attempt.yaml': `${taskHeader}id: quality_attempt
title: Improve
status: ready
labels: [quality, tests]
depends_on:
  - task: baseline_run
    kind: context
    consume: [final.md]
    as: baseline
compose:
  - {kind: file, path: prompts/quality_attempt.md}
  - {kind: ref, ref: inputs.quality_bar}
  - {kind: ref, ref: inputs.quality_state}
  - {kind: ref, ref: deps.baseline.artifacts.final.md}
  - {kind: ref, ref: runtime.replies}
publish: [final.md]
assistant_hints:
  preferred_roles: [test-triage]
  decision_kind_overrides: {policy: policy}
  ask_when: [a test fails for a reason outside the change, the quality bar is ambiguous]
`,
    'tasks/quality_loop_gate.yaml': `${taskHeader}id: quality_loop_gate
title: Another attempt?
kind: controller
status: ready
labels: [quality]
sandbox: read-only
depends_on:
  - task: quality_attempt
    kind: context
    consume: [final.md]
    as: attempt
compose:
  - {kind: file, path: prompts/quality_loop_gate.md}
  - {kind: ref, ref: inputs.quality_bar}
  - {kind: ref, ref: inputs.quality_state}
  - {kind: ref, ref: deps.attempt.artifacts.final.md}
publish: [result.json]
result_schema: schemas/quality_loop_gate.json
control:
  mode: loop
  continue_targets: [quality_attempt]
  stop_targets: [acceptance_gate]
  max_iterations: 8
`,
    'tasks/acceptance_gate.yaml': `${taskHeader}id: acceptance_gate
title: Accept, revise, or change the scope
kind: controller
status: ready
labels: [quality, review]
sandbox: read-only
depends_on:
  - task: quality_loop_gate
    kind: context
    consume: [result.json]
    as: gate
  - task: quality_attempt
    kind: context
    consume: [final.md]
    as: attempt
compose:
  - {kind: file, path: prompts/acceptance_gate.md}
  - {kind: ref, ref: inputs.quality_bar}
  - {kind: ref, ref: deps.gate.artifacts.result.json}
  - {kind: ref, ref: deps.attempt.artifacts.final.md}
  - {kind: ref, ref: runtime.replies}
publish: [result.json]
result_schema: schemas/acceptance_gate.json
required_decisions:
  - decision_kind: review
    audience: human
    description: Whether the result is accepted, needs another revision, or shows that the scope is wrong.
assistant_hints:
  preferred_roles: [review]
control:
  mode: route
  routes:
    - {label: accept, targets: [publish_summary]}
    - {label: revise, targets: [revision_requested]}
    - {label: scope, targets: [scope_review]}
`,
    'tasks/publish_summary.yaml': end('publish_summary', 'Write the summary of what was accepted'),
    'tasks/revision_requested.yaml': end('revision_requested', 'Write down what must be revised'),
    'tasks/scope_review.yaml': end('scope_review', 'Write down what is wrong with the scope'),
    'prompts/baseline_run.md': `# Measure where things stand

Run what the quality bar names: tests, measurements, reviews. Change nothing but what the tools write.

final.md: for each criterion the command, the result, and whether the bar is met; then the failures that matter
most, with evidence.
`,
    'prompts/quality_attempt.md': `# Improve

The quality state lists the findings that are open, and where to look first; in the first attempt it is empty,
and the baseline stands in for it. Mend the most severe findings. Do not lower the bar, delete tests, or hide
failures.

Run the checks of the quality bar again.

final.md: what you changed, each criterion's result now, and the findings that remain, with evidence.
`,
    'prompts/quality_loop_gate.md': `# Another attempt?

Judge the attempt against the quality bar by its evidence, not by its words.

Continue, with a new quality_state, while findings remain that another attempt can mend: raise attempt by one,
list what is open, and name the focus. Stop when the bar is met, or when two attempts in a row have mended
nothing; acceptance is decided elsewhere. Give the reason.
`,
    'prompts/acceptance_gate.md': `# Accept, revise, or change the scope

Before you decide, ask a human, blocking, with decision kind "review": put the evidence in a few lines, and
offer the options accept, revise and scope. Then route as the reply says:

- accept: the result stands;
- revise: it needs work that the loop did not do;
- scope: the quality bar or the scope is wrong.

Choose exactly one label. Give the reply's reason as reason.
`,
    'prompts/publish_summary.md': `# Write the summary

The result was accepted. Write to final.md, for someone who was not there: what was improved, the evidence, what
remains, and who accepted it and why.
`,
    'prompts/revision_requested.md': `# Write down what must be revised

The reviewer asks for a revision. Write to final.md what must change, in order, with the evidence and a check for
each point, so that a new run can start from it.
`,
    'prompts/scope_review.md': `# Write down what is wrong with the scope

The reviewer finds that the scope or the quality bar is wrong. Write to final.md what the work has shown, which
assumptions fail, and two or three ways to cut the scope anew, with their cost.
`,
    ...role(
      'policy',
      'Policy',
      'Decides what the rules of this program and its quality bar allow.',
      `  request_kinds: [question, clarification, approval]
  decision_kinds: [policy, scope, naming]
`,
      `# Policy

You decide what the rules allow: the quality bar, the conventions of the workspace, and what it says of itself
(README, contributing notes, linters). Quote the rule that you apply. Where two rules conflict, the stricter one
holds. Where there is no rule, say so and hand over to a person.
`,
    ),
    ...role(
      'review',
      'Review',
      'Judges whether work meets the bar, by evidence.',
      `  request_kinds: [question, approval]
  decision_kinds: [review]
  task_labels_any: [review]
`,
      `# Review

You judge work by its evidence: the diff, the tests, the measurements. List blockers first. Do not accept what is
only claimed. Taste is no blocker. Final acceptance belongs to a person: hand over when you are asked for it.
`,
    ),
    ...role(
      'test-triage',
      'Test triage',
      'Finds out why a check fails, and what to do about it.',
      `  request_kinds: [question, clarification]
  decision_kinds: [recovery, sequencing]
  task_labels_any: [tests]
  ask_when: [a test fails for a reason outside the change]
`,
      `# Test triage

You find out why a check fails: the change, the test, the environment, or chance. Ask for the smallest command that
shows the failure. Say which of the four it is, with evidence, and the next step. Never advise to delete a test, or
to repeat it until it passes.
`,
    ),
  },
};

/** A task at the end of a route: it writes one page. */
function end(id: string, title: string): string {
  return `${taskHeader}id: ${id}
title: ${title}
status: ready
labels: [quality, report]
sandbox: read-only
depends_on:
  - task: acceptance_gate
    kind: context
    consume: [result.json]
    as: gate
  - task: quality_attempt
    kind: context
    consume: [final.md]
    as: attempt
compose:
  - {kind: file, path: prompts/${id}.md}
  - {kind: ref, ref: inputs.quality_bar}
  - {kind: ref, ref: deps.gate.artifacts.result.json}
  - {kind: ref, ref: deps.attempt.artifacts.final.md}
publish: [final.md]
`;
}
