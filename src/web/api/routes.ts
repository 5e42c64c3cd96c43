/** All routes of the API: a noun's file has its routes, its types and the functions that make its answers. */
import type { Route } from '../server/route.ts';
import { attemptRoutes } from './attempt.ts';
import { costRoutes } from './cost.ts';
import { edgeRoutes } from './edge.ts';
import { eventRoutes } from './event.ts';
import { inboxRoutes } from './inbox.ts';
import { instanceRoutes } from './instance.ts';
import { liveRoutes } from './live.ts';
import { outcomeRoutes } from './outcome.ts';
import { overviewRoutes } from './overview.ts';
import { presetRoutes } from './preset.ts';
import { programRoutes } from './program.ts';
import { proposalRoutes } from './proposal.ts';
import { questionRoutes } from './question.ts';
import { runRoutes } from './run.ts';
import { runsRoutes } from './runs.ts';
import { serverRoutes } from './server.ts';
import { startRoutes } from './start.ts';
import { taskRoutes } from './task.ts';
import { textRoutes } from './text.ts';

const documentRoute: Route = {
  method: 'get',
  path: '/api/openapi.json',
  summary: 'This document',
  answer: 'document',
  async handle(_, { version }) {
    const { openapiDocument } = await import('../server/openapi.ts');
    return openapiDocument(version, apiRoutes);
  },
};

export const apiRoutes: readonly Route[] = [
  ...serverRoutes,
  documentRoute,
  ...overviewRoutes,
  ...programRoutes,
  ...taskRoutes,
  ...textRoutes,
  ...edgeRoutes,
  ...presetRoutes,
  ...startRoutes,
  ...runsRoutes,
  ...runRoutes,
  ...outcomeRoutes,
  ...costRoutes,
  ...eventRoutes,
  ...instanceRoutes,
  ...attemptRoutes,
  ...inboxRoutes,
  ...questionRoutes,
  ...proposalRoutes,
  ...liveRoutes,
];
