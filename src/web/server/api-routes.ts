/** The routes of the API as data: for the OpenAPI document, and for the test that none is missing. */

export interface ApiRoute {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As the router has it; `{path}` parts of files reach over slashes. */
  path: string;
  summary: string;
  /** Query parameters, with what they mean. */
  query?: Readonly<Record<string, string>>;
  /** Names of types in `api-types.ts`. */
  body?: string;
  answer: string | 'file' | 'events' | 'nothing' | 'document';
  status?: 201 | 204;
}

const place = {
  after: 'an offset: what follows it',
  before: 'an offset: what precedes it',
  bytes: 'about how much, at most 1048576',
};
const file = {
  as: '`text`: a TextPage instead of the bytes',
  download: '`1`: as a download',
  ...place,
};
const run = '/api/runs/{run}';
const instance = `${run}/instances/{instance}`;
const attempt = `${instance}/attempts/{attempt}`;
const interrupt = `${run}/interrupts/{interrupt}`;
const proposal = `${run}/proposals/{proposal}`;

export const apiRoutes: readonly ApiRoute[] = [
  get('/api/server', 'The program, the version, the clock', 'ServerInfo'),
  {
    ...get('/api/login', 'Shows the token, and gets a cookie for it', 'nothing'),
    method: 'post',
    body: 'LoginBody',
    status: 204,
  },
  get('/api/openapi.json', 'This document', 'document'),
  get('/api/overview', 'What needs a person, runs, failed, was done last', 'Overview'),
  get('/api/live', 'Changes over all runs: see ProgramLive', 'events'),
  get('/api/program', 'Graph, tasks, roles, presets, inputs, diagnostics', 'ProgramView'),
  get('/api/program/tasks/{task}', 'A task as model and as YAML', 'TaskView'),
  post('/api/program/tasks', 'Add a task, or a list of tasks', 'YamlBody', 'EditResult'),
  post(
    '/api/program/tasks/{task}/check',
    'Validate an edit; write nothing',
    'YamlBody',
    'CheckResult',
  ),
  {
    ...post('/api/program/tasks/{task}/yaml', "Save a task's file", 'SaveYamlBody', 'TaskView'),
    method: 'put',
  },
  {
    ...post(
      '/api/program/tasks/{task}',
      'Save fields of a task; comments stay',
      'SaveFieldsBody',
      'TaskView',
    ),
    method: 'patch',
  },
  { ...get('/api/program/tasks/{task}', 'Delete a task', 'EditResult'), method: 'delete' },
  post('/api/program/edges', 'Add a dependency', 'NewEdgeBody', 'EditResult'),
  {
    ...get('/api/program/edges', 'Remove a dependency', 'EditResult', {
      source: 'a task id',
      target: 'a task id',
      kind: '`order` or `context`',
    }),
    method: 'delete',
  },
  post(
    '/api/program/presets/{preset}/preview',
    'What a preset would write',
    'PresetVariablesBody',
    'PresetPreview',
  ),
  post(
    '/api/program/presets/{preset}/apply',
    'Write all tasks of a preset, or none',
    'PresetApplyBody',
    'EditResult',
  ),
  get('/api/program/files/{path}', 'An authored file', 'file', file),
  post('/api/start/preview', 'What would run', 'StartBody', 'StartPreview'),
  {
    ...post('/api/runs', 'Start a run in the background', 'StartBody', 'StartResult'),
    status: 201,
  },
  get('/api/runs', 'Runs, latest activity first', 'RunPage', {
    limit: 'at most 200; 50 by default',
    cursor: '`next_cursor` of the page before',
    status: 'only those of this status',
  }),
  get(run, "Everything about a run but its attempts' output", 'RunView'),
  get(`${run}/live`, 'Events of a run: see RunLive', 'events', {
    after: 'a seq: begin after it; `Last-Event-ID` wins',
    activity: '`1`: also what running attempts print',
  }),
  get(`${run}/explain`, 'Why each unfinished instance is where it is', 'RunExplain'),
  get(`${run}/events`, 'The log', 'EventPage', {
    after: 'a seq',
    limit: 'at most 1000; 200 by default',
  }),
  get(`${run}/verify`, 'Check the run on disk against its log', 'VerifyResult'),
  post(`${run}/resume`, 'Go on, reviving what is worth it', null, 'ActionResult'),
  post(`${run}/reconcile`, 'Settle instances whose process is gone', null, 'ActionResult'),
  post(`${run}/abort`, 'Stop every process of the run', null, 'ActionResult'),
  get(instance, 'An instance', 'InstanceView'),
  post(`${instance}/retry`, 'Force a failed instance', 'RetryBody', 'ActionResult'),
  get(`${instance}/published/{path}`, 'An artifact', 'file', file),
  get(attempt, 'Prompt, staging, process and files of an attempt', 'AttemptView'),
  get(`${attempt}/activities`, 'What the agent did', 'ActivityPage', place),
  get(`${attempt}/raw`, 'What it printed', 'TextPage', {
    stream: '`stdout` or `stderr`',
    ...place,
  }),
  get(`${attempt}/files/{path}`, 'A file of an attempt', 'file', file),
  get('/api/inbox', 'Questions over all runs', 'QuestionPage', {
    status: '`open` (default) or `answered`',
    audience: '`human` or `assistant`',
    run: 'only those of this run',
    cursor: '`next_cursor` of the page before',
  }),
  get(interrupt, 'A question with its context', 'QuestionView'),
  get(`${interrupt}/artifacts/{path}`, 'A file that a question names', 'file', file),
  post(
    `${interrupt}/preview`,
    'Check a reply, and show what the worker will get',
    'ReplyBody',
    'ReplyPreview',
  ),
  post(`${interrupt}/reply`, 'Answer', 'ReplyBody', 'ReplyResult'),
  get('/api/proposals', 'Proposals over all runs', 'ProposalPage', {
    status: 'only those of this status',
    run: 'only those of this run',
  }),
  get(proposal, 'A proposal with its diff', 'ProposalView'),
  post(`${proposal}/mark`, 'Accept or reject it', 'MarkBody', 'ProposalView'),
  post(`${proposal}/apply`, 'Write it into the program', 'ApplyBody', 'ApplyResult'),
];

function get(
  path: string,
  summary: string,
  answer: string,
  query?: Readonly<Record<string, string>>,
): ApiRoute {
  return { method: 'get', path, summary, answer, ...(query ? { query } : {}) };
}

function post(path: string, summary: string, body: string | null, answer: string): ApiRoute {
  return { method: 'post', path, summary, answer, ...(body === null ? {} : { body }) };
}
