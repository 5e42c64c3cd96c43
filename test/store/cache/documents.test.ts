/** What of a state stands in the documents of `state/`, where the format of the run or its scope decides. */
import { describe, expect, it } from 'vitest';
import type { Interrupt, UseByModel } from '../../../src/model/run.ts';
import {
  inputScopeDocument,
  interruptDocument,
  runSummary,
} from '../../../src/store/cache/documents.ts';
import { interrupt, NOW, RUN_ID } from '../../support/make.ts';
import { sampleEvents } from '../sample-run.ts';

describe('in a run of format', () => {
  it.each([
    [1, 'open'],
    [2, 'closed'],
  ])('%i a question that was closed is %s', (format, status) => {
    const { state } = sampleEvents(RUN_ID, format);
    const closed: Interrupt = interrupt({ status: 'closed' });
    expect(interruptDocument(state, closed)).toEqual({ ...closed, status });
  });

  it.each([
    [1, 0],
    [2, 1],
  ])('%i the summary tells what %i agents used', (format, agents) => {
    const { state } = sampleEvents(RUN_ID, format);
    const use: UseByModel = {
      agent: 'codex',
      model: null,
      attempts: 1,
      input_tokens: 1,
      cached_input_tokens: 0,
      output_tokens: 1,
    };
    state.use.set('codex', use);
    expect(runSummary(state).use ?? []).toHaveLength(agents);
  });
});

it('the scope of an item has its own values alone, another those of its ancestors too', () => {
  const { state } = sampleEvents(RUN_ID);
  const below = {
    input_scope_id: 'below',
    parent_input_scope_id: state.baseScopeId,
    seed_task_ids: [],
    own_values: { n: 1 },
    created_by_instance_id: null,
    created_at: NOW,
  };
  state.scopes.set('below', below);
  expect(inputScopeDocument(state, below).values).toEqual({
    ...state.plan.user_inputs,
    n: 1,
  });
  const item = { task: 'ask', index: 0, key: '0' };
  expect(inputScopeDocument(state, { ...below, item })).toMatchObject({ values: { n: 1 }, item });
  expect(inputScopeDocument(state, { ...below, item }).values).toEqual({ n: 1 });
});
