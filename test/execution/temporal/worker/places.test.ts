import { expect, it } from 'vitest';
import { hostedPlace } from '../../../../src/execution/temporal/worker/places.ts';
import { temporaryDirectory } from '../../local/orders.ts';

it('what was never laid out is settled as anything else', async () => {
  const place = hostedPlace(temporaryDirectory('places'), 'r/i/1.0');
  await place.settle({ kind: 'never_started' });
  expect([place.claim, place.result]).toEqual(['void', { kind: 'never_started' }]);
});
