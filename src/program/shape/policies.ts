/** Fields that a task, an agent and the project may have alike: section 18 of the contract. */
import { wallPolicies, type Policies } from '../../model/policies.ts';
import type { FieldsOf } from './shape.ts';

export const policyFields: FieldsOf<Policies> = {
  on_wall: {
    shape: { type: 'enum', values: wallPolicies },
    staysOut: true,
    description:
      'What becomes of an attempt that was stopped at its time limit. ask: a person is asked whether it may go on; fail: it has failed. The nearest counts: task, agent, project; else ask in edition 2, fail in edition 1.',
    examples: ['ask'],
  },
};
