import { expect, it } from 'vitest';
import { Slots, type Slot } from '../../../../src/execution/temporal/worker/slots.ts';

const use = { working: 0, attending: 0, hasRoom: true };
const signal = new AbortController().signal;

function make(count: number): Slots {
  Object.assign(use, { working: 0, attending: 0, hasRoom: true });
  return new Slots(count, {
    working: () => use.working,
    attending: () => use.attending,
    hasRoom: () => use.hasRoom,
  });
}

it('one that polls, one whose activity has come, and one that works each take a slot', () => {
  const slots = make(1);
  const slot = slots.tryReserve() as Slot;
  expect(slots.tryReserve()).toBeNull();
  slots.used(slot);
  expect(slots.tryReserve()).toBeNull();
  Object.assign(use, { working: 1, attending: 1 });
  expect(slots.tryReserve()).toBeNull();
  // It is handed in, and its activity goes on.
  use.working = 0;
  expect(slots.tryReserve()).not.toBeNull();
});

it('what was found again takes a slot without an activity', async () => {
  const slots = make(1);
  use.working = 1;
  const given: Slot[] = [];
  const waiting = slots.reserve(signal).then((slot) => given.push(slot));
  slots.changed();
  await Promise.resolve();
  expect(given).toEqual([]);
  use.working = 0;
  slots.changed();
  await waiting;
  expect(given).toEqual([{ number: 1 }]);
  // There is no second one beside it, until it is given back.
  expect(slots.tryReserve()).toBeNull();
  slots.release({ number: 1 });
  expect(slots.tryReserve()).toEqual({ number: 2 });
});

it('who leaves gets none, and who was told to stop waiting has an error', async () => {
  const slots = make(1);
  slots.tryReserve();
  const leaving = new AbortController();
  const waiting = slots.reserve(leaving.signal);
  leaving.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  slots.close();
  slots.release({ number: 1 });
  expect(slots.tryReserve()).toBeNull();
});

it('where there is no room nobody gets one, until there is', async () => {
  const slots = make(1);
  use.hasRoom = false;
  expect(slots.tryReserve()).toBeNull();
  const waiting = slots.reserve(signal);
  use.hasRoom = true;
  slots.changed();
  expect(await waiting).toEqual({ number: 1 });
});
