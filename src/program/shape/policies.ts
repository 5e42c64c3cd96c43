/** Fields that a task, an agent and the project may have alike: section 18 of the contract. */
import {
  limitPolicies,
  stallPolicies,
  MAX_LIMIT_WAIT_SEC,
  wallPolicies,
  type Policies,
  type RetrySpec,
  type UsageLimitSpec,
} from '../../model/policies.ts';
import { failureKinds, terminationReasons } from '../../model/run.ts';
import { word } from './forms.ts';
import type { FieldsOf } from './shape.ts';

/** Some are both. */
const reasons = [
  ...new Set([...failureKinds, ...terminationReasons.filter((each) => each !== 'completed')]),
];

const retryFields: FieldsOf<RetrySpec> = {
  max_attempts: {
    shape: { type: 'integer', min: 1 },
    default: 3,
    description: 'How often it is tried in all, the first attempt counted.',
  },
  on: {
    shape: { type: 'list', items: { type: 'enum', values: reasons }, min: 1 },
    nullable: true,
    description:
      'Failure kinds and termination reasons after which it is tried again; without it, those that may pass by themselves, which run resume would try again.',
    examples: [['external_network', 'nonzero_exit']],
  },
  delay_sec: {
    shape: { type: 'seconds' },
    default: 30,
    description: 'Seconds before the second attempt.',
  },
  factor: {
    shape: { type: 'number', min: 1 },
    default: 2,
    description: 'How many times longer each further delay is.',
  },
  max_delay_sec: {
    shape: { type: 'seconds' },
    default: 900,
    description: 'The longest delay, in seconds.',
  },
};

const usageLimitFields: FieldsOf<UsageLimitSpec> = {
  on: {
    shape: { type: 'enum', values: limitPolicies },
    nullable: true,
    description:
      'wait: until it ends; fallback: the next of fallback_agents takes over, and where none is left, it waits; fail: it has failed. Left out: fallback where there are fallback_agents, else wait.',
  },
  max_wait_sec: {
    shape: { type: 'seconds' },
    default: MAX_LIMIT_WAIT_SEC,
    description:
      'Longest that it waits, in seconds, before a person is asked; at once where the limit ends later.',
  },
};

export const policyFields: FieldsOf<Policies> = {
  retry: {
    shape: { type: 'object', fields: retryFields },
    staysOut: true,
    description:
      'A failed attempt is made again after a while, in the same session where it has one. The nearest counts, whole: task, agent, project; without any, nothing is tried again by itself.',
    examples: [{ max_attempts: 3, delay_sec: 30 }],
  },
  on_wall: {
    shape: { type: 'enum', values: wallPolicies },
    staysOut: true,
    description:
      'What becomes of an attempt that was stopped at its time limit. ask: a person is asked whether it may go on; fail: it has failed. The nearest counts: task, agent, project; else ask in edition 2, fail in edition 1.',
    examples: ['ask'],
  },
  repair: {
    shape: { type: 'integer', min: 0 },
    staysOut: true,
    description:
      'How often an attempt that ended well goes on in the same session, told what is wrong, where its result does not fit its schema or control, or a published file, a required decision or a check is missing. The nearest counts: task, agent, project; else 2 in edition 2, 0 in edition 1. An agent that runs a command is run again only where its task or the agent itself says so.',
    examples: [2],
  },
  on_stall: {
    shape: { type: 'enum', values: stallPolicies },
    staysOut: true,
    description:
      'What becomes of an attempt that stands still for node_idle_timeout_sec: no output, no processor time, no change of its files or of those that it works on. resume: it is stopped and goes on in the same session, and a person is asked where that does not help; fail: it has failed. The nearest counts: task, agent, project; else resume in edition 2. In edition 1 it fails, and its output alone counts.',
    examples: ['resume'],
  },
  command_timeout_sec: {
    shape: { type: 'seconds' },
    staysOut: true,
    description:
      'While the agent has a command under way, longest that it may show no progress, in seconds, in place of node_idle_timeout_sec; without it, as long as the attempt may take. The nearest counts: task, agent, project.',
    examples: [1800],
  },
  usage_limit: {
    shape: { type: 'object', fields: usageLimitFields },
    staysOut: true,
    description:
      'What becomes of an instance while the account of its agent has come to a usage limit, in whatever run of this user. The nearest counts, whole: task, agent, project; else wait for 12 h at most in edition 2. In edition 1 such limits are neither told from others nor obeyed without it.',
    examples: [{ on: 'wait', max_wait_sec: 21600 }],
  },
  fallback_agents: {
    shape: { type: 'list', items: word },
    staysOut: true,
    description:
      'Agents that take over, one after the other, where the agent has failed after its retries, or has come to a usage limit: in a fresh session, with the whole prompt, the files as they stand, and why the others gave up. The nearest counts, whole: task, agent, project.',
    examples: [['second']],
  },
};
