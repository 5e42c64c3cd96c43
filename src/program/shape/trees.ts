/** `isolation` and `tree`, of a project and of a task: section 16 of the contract. */
import { isolations, treeDefaults, type TreeSpec } from '../../model/trees.ts';
import { artifactPath, word } from './forms.ts';
import type { Field, FieldsOf } from './shape.ts';

const treeSpecFields: FieldsOf<TreeSpec> = {
  setup: {
    shape: word,
    nullable: true,
    description: 'Shell line, run in a fresh tree before the agent.',
    examples: ['npm ci'],
  },
  copy: {
    shape: { type: 'list', items: artifactPath },
    description: 'What git ignores and the tree needs; copied, relative to the workspace.',
    examples: [['.env']],
  },
  on_conflict: {
    shape: { type: 'enum', values: ['resolve', 'fail'] },
    nullable: true,
    description:
      'Where what led here cannot be merged: resolve hands it to the agent, fail ends the instance. Without it, resolve for agents that take a prompt.',
  },
  keep: {
    shape: { type: 'enum', values: ['failed', 'all'] },
    default: treeDefaults.keep,
    description: 'Trees that stay when their instance has ended.',
  },
  commits: {
    shape: { type: 'enum', values: ['engine', 'agent'] },
    default: treeDefaults.commits,
    description:
      'Who commits: engine keeps the tree’s own .git closed to a sandboxed agent; agent opens it.',
  },
  max_file_mb: {
    shape: { type: 'integer', min: 1 },
    default: treeDefaults.max_file_mb,
    description: 'Largest file that is committed, in MB; a larger one fails the attempt.',
  },
};

export const isolation: Field = {
  shape: { type: 'enum', values: isolations },
  staysOut: true,
  description:
    'tree: each instance works in a working tree of its own, and leaves a commit that its dependents start from. none: all work in the workspace itself.',
  examples: ['tree'],
};

export const tree: Field = {
  shape: { type: 'object', fields: treeSpecFields },
  staysOut: true,
  description: 'How trees are made and kept, with isolation: tree. The nearest one counts, whole.',
  examples: [{ setup: 'npm ci', copy: ['.env'] }],
};
