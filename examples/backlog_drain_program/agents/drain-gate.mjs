// Keeps count, and says whether the loop goes on: no model is needed for either.
import { leave, nextItem, readRef } from './attempt.mjs';

const { items } = readRef('deps/backlog/artifacts/result.json');
const item = readRef('deps/item/artifacts/result.json');
const { verdict, notes } = readRef('deps/review/artifacts/result.json');
const before = readRef('inputs/drain_state.json');

const isDone = item.outcome === 'completed' && verdict === 'accept';
const id = item.item_id === null ? [] : [item.item_id];
const state = {
  iteration: before.iteration + 1,
  completed: [...before.completed, ...(isDone ? id : [])],
  skipped: [...before.skipped, ...(isDone ? [] : id)],
  notes,
};
const next = nextItem(items, state);
const control =
  next === undefined
    ? { kind: 'loop', action: 'stop' }
    : { kind: 'loop', action: 'continue', next_inputs: { drain_state: state } };
const reason = next === undefined ? 'nothing is left' : `next: ${next.title}`;
leave({ control, drain_state: state, reason }, reason);
