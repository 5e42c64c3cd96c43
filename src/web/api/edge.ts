/** Dependencies of the program. */
import type { Context } from 'hono';
import { addEdge, removeEdge } from '../../app/program/edit-edge.ts';
import { dependencyKinds, type DependencyKind } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import type { WebContext } from '../server/context.ts';
import { queryOneOf, readBody } from '../server/request.ts';
import type { Route } from '../server/route.ts';
import type { EditResult } from './task.ts';

/** `POST /api/program/edges` */
export interface NewEdgeBody {
  source: string;
  target: string;
  kind: DependencyKind;
  /** Default: the source's id. */
  scope_alias?: string | null;
  /** `context` edges: what is consumed. */
  consume?: string[];
}

export const edgeRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/api/program/edges',
    summary: 'Add a dependency',
    body: 'NewEdgeBody',
    answer: 'EditResult',
    handle: createEdge,
  },
  {
    method: 'delete',
    path: '/api/program/edges',
    summary: 'Remove a dependency',
    query: { source: 'a task id', target: 'a task id', kind: '`order` or `context`' },
    answer: 'EditResult',
    handle: deleteEdge,
  },
];

async function createEdge(c: Context, { world, place }: WebContext): Promise<EditResult> {
  const body = await readBody(c);
  const { edge, warnings } = await addEdge(world, place, {
    source: body.text('source'),
    target: body.text('target'),
    kind: body.oneOf('kind', dependencyKinds),
    scopeAlias: body.textOrNull('scope_alias'),
    consume: body.texts('consume'),
  });
  return { ids: [edge.target], warnings };
}

async function deleteEdge(c: Context, { world, place }: WebContext): Promise<EditResult> {
  const { source, target } = c.req.query();
  const kind = queryOneOf(c, 'kind', dependencyKinds);
  if (!source || !target || !kind) {
    throw new Refusal('bad-request', 'which edge? source, target and kind are needed');
  }
  const { warnings } = await removeEdge(world, place, source, target, kind);
  return { ids: [target], warnings };
}
