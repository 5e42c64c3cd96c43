/**
 * What is asked in test/golden/api.test.ts, by fixture. `{run}`, `{int}` and `{prop}` stand for the run, its
 * last question and the beginning of its proposals; a task names its only instance.
 */

export interface Asked {
  method: string;
  path: string;
  body?: unknown;
  /** Instead of those that a change needs. */
  headers?: Record<string, string>;
  /** Without the token. */
  stranger?: boolean;
}

export const get = (path: string): Asked => ({ method: 'GET', path });
const post = (path: string, body: unknown): Asked => ({ method: 'POST', path, body });

const everyRun = [
  '/api/server',
  '/api/overview',
  '/api/program',
  '/api/runs',
  '/api/runs/{run}',
  '/api/runs/latest/explain',
  '/api/runs/{run}/outcome',
  '/api/runs/{run}/cost',
  '/api/runs/{run}/changes',
  '/api/runs/{run}/events?limit=3',
  '/api/runs/{run}/verify',
  '/api/inbox',
  '/api/proposals',
].map(get);

export const requests: Record<string, Asked[]> = {
  done: [
    ...everyRun,
    get('/'),
    get('/runs/somewhere'),
    get('/api/openapi.json'),
    get('/api/program/tasks/gather'),
    get('/api/program/tasks/nope'),
    get('/api/program/texts'),
    get('/api/program/texts/prompts/write.md'),
    get('/api/program/texts/prompts/nope.md'),
    get('/api/program/schemas/role'),
    get('/api/program/files/prompts/write.md'),
    get('/api/program/files/prompts/write.md?as=text&bytes=8'),
    get('/api/program/files/prompts/write.md?as=text&bytes=8&after=8'),
    get('/api/program/files/schemas/name.json?download=1'),
    get('/api/program/files/nope.md'),
    get('/api/program/files/..%2F..%2Fsecret'),
    get('/api/runs?limit=1&status=done'),
    get('/api/runs?q=gather&sort=created'),
    get('/api/runs?q=nothing+of+that'),
    get('/api/runs?status=nope'),
    get('/api/runs/nope'),
    get('/api/runs/{run}/events?after=33'),
    get('/api/runs/{run}/events?limit=nope'),
    get('/api/runs/{run}/instances/gather'),
    get('/api/runs/{run}/instances/nope'),
    get('/api/runs/{run}/instances/gather/published/tables/names.csv'),
    get('/api/runs/{run}/instances/gather/published/tables/names.csv?as=text'),
    get('/api/runs/{run}/instances/gather/published/nope'),
    get('/api/runs/{run}/instances/write/attempts/1'),
    get('/api/runs/{run}/instances/write/attempts/2'),
    get('/api/runs/{run}/instances/write/attempts/1/activities'),
    get('/api/runs/{run}/instances/write/attempts/1/raw?stream=stdout'),
    get('/api/runs/{run}/instances/write/attempts/1/raw?stream=stderr&bytes=4'),
    get('/api/runs/{run}/instances/write/attempts/1/files/prompt.md'),
    get('/api/runs/{run}/instances/gather/attempts/1/files/result.json?as=text'),
    get('/api/nope'),
    { method: 'POST', path: '/api/runs/{run}/resume', body: {}, headers: {} },
    {
      method: 'POST',
      path: '/api/runs/{run}/resume',
      body: {},
      headers: { 'content-type': 'application/json' },
    },
    {
      method: 'POST',
      path: '/api/runs/{run}/resume',
      body: {},
      headers: { 'x-codex-orch': '1', 'content-type': 'text/plain' },
    },
    {
      method: 'GET',
      path: '/api/overview',
      headers: { origin: 'https://elsewhere.example' },
    },
    { method: 'GET', path: '/api/overview', headers: { host: 'elsewhere.example' } },
    { ...get('/api/overview'), stranger: true },
    { ...get('/api/live'), stranger: true },
    { ...get('/runs/somewhere'), stranger: true },
    { ...post('/api/runs', { roots: ['publish'] }), stranger: true },
    post('/api/start/preview', { roots: ['publish'], labels: [], inputs: { topic: 'cats' } }),
    post('/api/start/preview', { roots: ['nope'], labels: [], inputs: {} }),
    post('/api/runs', { roots: ['old'], labels: [], inputs: {} }),
    post('/api/runs', { roots: 'publish' }),
    post('/api/runs/{run}/instances/gather/retry', {}),
    post('/api/program/presets/note/preview', { variables: { name: 'owl' } }),
    post('/api/program/presets/note/preview', { variables: {} }),
    post('/api/program/presets/nope/preview', { variables: {} }),
    post('/api/program/tasks/gather/check', { yaml: 'id: gather\ntitle: [\n' }),
    post('/api/program/tasks', { yaml: 'id: gather\ntitle: Again\nrun: "true"\n' }),
    {
      method: 'PUT',
      path: '/api/program/tasks/gather/yaml',
      body: { yaml: 'id: gather\ntitle: Gather\n', base_hash: 'stale' },
    },
    { method: 'DELETE', path: '/api/program/tasks/gather' },
    post('/api/program/edges', { source: 'publish', target: 'gather', kind: 'order', consume: [] }),
    { method: 'DELETE', path: '/api/program/edges?source=gather&target=publish&kind=order' },
  ],
  controllers: [...everyRun, get('/api/runs/{run}/instances/choose')],
  failed: [
    ...everyRun,
    get('/api/runs/{run}/instances/flaky'),
    get('/api/runs/{run}/instances/flaky/attempts/1'),
    get('/api/runs/{run}/instances/flaky/attempts/1/activities'),
    get('/api/runs/{run}/instances/after-flaky'),
    post('/api/runs/{run}/instances/after-flaky/retry', {}),
  ],
  waiting: [
    ...everyRun,
    get('/api/inbox?status=open&audience=human&run={run}'),
    get('/api/inbox?status=answered'),
    get('/api/runs/{run}/instances/paint'),
    get('/api/runs/{run}/interrupts/{int}'),
    get('/api/runs/{run}/interrupts/nope'),
    get('/api/runs/{run}/interrupts/{int}/artifacts/inputs/fence.md'),
    get('/api/runs/{run}/interrupts/{int}/artifacts/inputs/nope.md'),
    post('/api/runs/{run}/interrupts/{int}/preview', {
      text: 'Blue.',
      payload: { colour: 'blue' },
    }),
    post('/api/runs/{run}/interrupts/{int}/preview', { text: '', payload: { colour: 'green' } }),
    post('/api/runs/{run}/interrupts/{int}/reply', {
      text: 'Green.',
      payload: { colour: 'green' },
    }),
    post('/api/runs/{run}/interrupts/{int}/reply', { text: 'Blue.', payload: { colour: 'blue' } }),
    post('/api/runs/{run}/interrupts/{int}/reply', { text: 'Red.', payload: { colour: 'red' } }),
    get('/api/runs/{run}/interrupts/{int}'),
  ],
  answered: [...everyRun, get('/api/runs/{run}/interrupts/{int}')],
  killed: everyRun,
  handoff: [...everyRun, get('/api/runs/{run}/interrupts/{int}')],
  assistant: [
    ...everyRun,
    get('/api/runs/{run}/interrupts/{int}'),
    get('/api/proposals?status=proposed&run={run}'),
    get('/api/runs/{run}/proposals/{prop}-01'),
    get('/api/runs/{run}/proposals/{prop}-04'),
    get('/api/runs/{run}/proposals/nope'),
    post('/api/runs/{run}/proposals/{prop}-05/mark', { status: 'nope' }),
    post('/api/runs/{run}/proposals/{prop}-05/mark', { status: 'rejected', note: 'No.' }),
    post('/api/runs/{run}/proposals/{prop}-04/apply', {}),
    post('/api/runs/{run}/proposals/{prop}-01/apply', {}),
    post('/api/runs/{run}/proposals/{prop}-01/apply', {}),
  ],
  'codex-done': [
    ...everyRun,
    get('/api/runs/{run}/instances/make/attempts/1'),
    get('/api/runs/{run}/instances/make/attempts/1/activities'),
    get('/api/runs/{run}/instances/make/attempts/1/activities?bytes=100'),
  ],
};

/** Streams, and how many of their first events are kept. */
export const streams: Record<string, [path: string, events: number][]> = {
  waiting: [
    ['/api/live', 1],
    ['/api/runs/{run}/live?after=12', 2],
    ['/api/runs/{run}/live', 1],
  ],
  done: [
    ['/api/live', 1],
    ['/api/runs/{run}/live?after=30&activity=1', 2],
  ],
};
