/** The fields of assistant_roles/<id>/role.yaml: section 10 of the contract. */
import { defaultBackend, roleBackendNames } from '../../agents/backends.ts';
import { decisionKinds, requestKinds, sandboxes, type RoleSpec } from '../../model/program.ts';
import { argumentWord, text, programPath, idString, words } from './forms.ts';
import { rolePolicyWords } from './other-words.ts';
import type { FieldsOf } from './shape.ts';

export const roleFields: FieldsOf<RoleSpec> = {
  id: { shape: idString, required: true, description: 'The name of the role’s directory.' },
  title: { shape: text, description: 'One line for people and agents.' },
  description: { shape: text, description: 'What the role is for.' },
  backend: {
    shape: { type: 'enum', values: roleBackendNames },
    default: defaultBackend.roleName,
    description: 'What the role runs on.',
  },
  agent: {
    shape: argumentWord,
    staysOut: true,
    description: 'An agent of project.yaml that the role runs on, in place of backend.',
    examples: ['careful'],
  },
  model: { shape: argumentWord, nullable: true, description: 'Model; without it, the project’s.' },
  sandbox: {
    shape: { type: 'enum', values: sandboxes },
    default: 'workspace-write',
    description: 'What the assistant may touch, in its own private workspace.',
  },
  instructions: {
    shape: programPath,
    default: 'instructions.md',
    description: 'File looked up in the role’s directory, then in the program.',
  },
  managed_assets: {
    shape: { type: 'list', items: programPath },
    description:
      'Files that the role reads and may propose to change; looked up like instructions.',
  },
  policy: {
    shape: {
      type: 'object',
      words: rolePolicyWords,
      fields: {
        request_kinds: {
          shape: { type: 'list', items: { type: 'enum', values: requestKinds } },
          description: 'Requests it is good for.',
        },
        decision_kinds: {
          shape: { type: 'list', items: { type: 'enum', values: decisionKinds } },
          description: 'Decisions it is good for.',
        },
        task_labels_any: { shape: words, description: 'Labels of tasks it is good for.' },
        ask_when: { shape: words, description: 'Situations it is good for.' },
      },
    },
    description: 'What the role is recommended for.',
  },
};
