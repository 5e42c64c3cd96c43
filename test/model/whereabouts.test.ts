import { expect, it } from 'vitest';
import { whereInWords, type RemoteWhereabouts } from '../../src/model/whereabouts.ts';

it.each<[Partial<RemoteWhereabouts>, string]>([
  [{}, 'queued in gpu since 8:00: no worker has it yet'],
  [
    { state: 'unserved' },
    'queued in gpu since 8:00: no worker serves that queue, or all have been busy for minutes',
  ],
  [{ state: 'unreachable' }, 'queued in gpu; the server is out of reach since 8:00'],
  [{ host: 'far', state: 'running' }, 'on far (queue gpu)'],
  [{ host: 'far', state: 'unreachable' }, 'on far (queue gpu), out of reach since 8:00'],
])('an attempt is, as a person reads it: %j', (change, words) => {
  const where = {
    kind: 'remote',
    queue: 'gpu',
    host: null,
    state: 'queued',
    since: '8:00',
  } as const;
  expect(whereInWords({ ...where, ...change })).toBe(words);
});
