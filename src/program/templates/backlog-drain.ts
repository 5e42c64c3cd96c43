/** `backlog_drain`: take the most important item, do it, look again, until nothing is left. */
import { jsonText, taskHeader, type TemplateFiles } from './template.ts';

const state = {
  type: 'object',
  properties: {
    iteration: { type: 'integer', description: 'Items processed so far.' },
    completed: {
      type: 'array',
      items: { type: 'string' },
      description: 'Ids of items that are done.',
    },
    skipped: { type: 'array', items: { type: 'string' }, description: 'Ids of items given up.' },
    notes: { type: 'string', description: 'What the next item should know.' },
  },
  required: ['iteration', 'completed', 'skipped', 'notes'],
  additionalProperties: false,
};

const backlog = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Prioritized backlog',
  type: 'object',
  properties: {
    items: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          title: { type: 'string' },
          priority: { type: 'string', enum: ['high', 'normal', 'low'] },
          reason: { type: 'string' },
        },
        required: ['id', 'title', 'priority', 'reason'],
        additionalProperties: false,
      },
    },
  },
  required: ['items'],
  additionalProperties: false,
};

const outcome = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Outcome of one item',
  type: 'object',
  properties: {
    item_id: { type: ['string', 'null'], description: 'null: nothing was left to do.' },
    outcome: { type: 'string', enum: ['completed', 'skipped', 'nothing_left'] },
    notes: { type: 'string' },
  },
  required: ['item_id', 'outcome', 'notes'],
  additionalProperties: false,
};

const gate = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Go on, or stop',
  type: 'object',
  properties: {
    control: {
      anyOf: [
        {
          type: 'object',
          properties: {
            kind: { type: 'string', const: 'loop' },
            action: { type: 'string', const: 'continue' },
            next_inputs: {
              type: 'object',
              properties: { drain_state: state },
              required: ['drain_state'],
              additionalProperties: false,
            },
          },
          required: ['kind', 'action', 'next_inputs'],
          additionalProperties: false,
        },
        {
          type: 'object',
          properties: {
            kind: { type: 'string', const: 'loop' },
            action: { type: 'string', const: 'stop' },
          },
          required: ['kind', 'action'],
          additionalProperties: false,
        },
      ],
    },
    reason: { type: 'string' },
  },
  required: ['control', 'reason'],
  additionalProperties: false,
};

export const backlogDrain: TemplateFiles = {
  description: 'Work through a backlog, one item an iteration.',
  userInputs: { goal: 'inputs/goal.md', drain_state: 'inputs/drain_state.json' },
  files: {
    'inputs/goal.md': `Describe here which backlog is to be drained: where its items are found (issues, TODO comments, a file),
which of them count, and when an item is done.
`,
    'inputs/drain_state.json': jsonText({ iteration: 0, completed: [], skipped: [], notes: '' }),
    'schemas/backlog.json': jsonText(backlog),
    'schemas/item_outcome.json': jsonText(outcome),
    'schemas/drain_gate.json': jsonText(gate),
    'tasks/scan_and_prioritize.yaml': `${taskHeader}id: scan_and_prioritize
title: Find the items and put them in order
status: ready
labels: [backlog]
sandbox: read-only
compose:
  - {kind: file, path: prompts/scan_and_prioritize.md}
  - {kind: ref, ref: inputs.goal}
publish: [result.json, final.md]
result_schema: schemas/backlog.json
`,
    'tasks/process_item.yaml': `${taskHeader}id: process_item
title: Do the next item
status: ready
labels: [backlog]
depends_on:
  - task: scan_and_prioritize
    kind: context
    consume: [result.json]
    as: backlog
compose:
  - {kind: file, path: prompts/process_item.md}
  - {kind: ref, ref: inputs.goal}
  - {kind: ref, ref: inputs.drain_state}
  - {kind: ref, ref: deps.backlog.artifacts.result.json}
  - {kind: ref, ref: runtime.replies}
publish: [result.json]
result_schema: schemas/item_outcome.json
`,
    'tasks/drain_gate.yaml': `${taskHeader}id: drain_gate
title: Go on, or stop?
kind: controller
status: ready
labels: [backlog]
sandbox: read-only
depends_on:
  - task: scan_and_prioritize
    kind: context
    consume: [result.json]
    as: backlog
  - task: process_item
    kind: context
    consume: [result.json]
    as: item
compose:
  - {kind: file, path: prompts/drain_gate.md}
  - {kind: ref, ref: inputs.drain_state}
  - {kind: ref, ref: deps.backlog.artifacts.result.json}
  - {kind: ref, ref: deps.item.artifacts.result.json}
publish: [result.json]
result_schema: schemas/drain_gate.json
control:
  mode: loop
  continue_targets: [process_item]
  stop_targets: [drain_summary]
  max_iterations: 50
`,
    'tasks/drain_summary.yaml': `${taskHeader}id: drain_summary
title: Sum up
status: ready
labels: [backlog]
sandbox: read-only
depends_on:
  - task: drain_gate
    kind: context
    consume: [result.json]
  - task: process_item
    kind: context
    consume: [result.json]
    as: last_item
compose:
  - {kind: file, path: prompts/drain_summary.md}
  - {kind: ref, ref: inputs.drain_state}
  - {kind: ref, ref: deps.drain_gate.artifacts.result.json}
  - {kind: ref, ref: deps.last_item.artifacts.result.json}
publish: [final.md]
`,
    'prompts/scan_and_prioritize.md': `# Find the items

Find every item of the backlog that the goal describes. Give each a short stable id. Order them by what is
gained for the effort, most important first, and give a one-line reason for each place. Leave out what is not
worth doing, and say so in final.md.

The items go to result.json; a readable version of the list goes to final.md. Change nothing in the workspace.
`,
    'prompts/process_item.md': `# Do the next item

The drain state says which items are completed or skipped. Take the first item of the backlog that is neither.
Do it wholly: change, test, and leave the workspace in a state that could be handed over.

If it turns out to be impossible, or larger than one item should be, skip it and say why. If a decision is
needed that is not yours, ask for help. If no item is left, report nothing_left.

result.json: item_id, outcome (completed, skipped, nothing_left), notes for whoever does the next one.
`,
    'prompts/drain_gate.md': `# Go on, or stop?

Add the outcome of this item to the drain state: raise iteration by one; add the item to completed or skipped;
replace notes by what the next item should know.

Continue with the new state as drain_state if items are left. Stop if none is left, or if the last outcome says
that going on makes no sense. Give the reason.
`,
    'prompts/drain_summary.md': `# Sum up

The drain state shows what was done before the last item; the last item's outcome comes on top of it. Write to
final.md: what was completed, what was skipped and why, and what a person should look at.
`,
  },
};
