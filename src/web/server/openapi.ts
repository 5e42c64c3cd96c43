/** The API for tools: OpenAPI 3.1. `scripts/api-schemas.mjs` makes the schemas. */
import type { Json, JsonObject } from '../../model/json.ts';
import schemas from './api-schemas.json';
import { CHANGE_HEADER } from './guard.ts';
import type { Route } from './route.ts';

export function openapiDocument(version: string, routes: readonly Route[]): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'codex-orch',
      version,
      description: `What "codex-orch web" serves. A request that may change something needs "content-type: application/json" and "${CHANGE_HEADER}: 1".`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    security: [{}, { token: [] }],
    paths,
    components: {
      schemas: schemas as unknown as JsonObject,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Needed beyond loopback.' },
      },
    },
  };
}

function operation(route: Route): JsonObject {
  const { method, path, summary, query = {}, body } = route;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
    ...(name === 'path' ? { description: 'May hold slashes.' } : {}),
  }));
  const inQuery = Object.entries(query).map(([name, description]) => ({
    ...{ name, in: 'query', description, schema: { type: 'string' } },
    ...(method === 'delete' ? { required: true } : {}),
  }));
  const header =
    method === 'get'
      ? []
      : [{ name: CHANGE_HEADER, in: 'header', required: true, schema: { const: '1' } }];
  return {
    operationId: operationId(route),
    summary,
    parameters: [...inPath, ...inQuery, ...header],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: json(reference(body)) } }),
    responses: {
      [route.status ?? (route.answer === 'nothing' ? 204 : 200)]: answer(route),
      default: { description: 'It failed', content: json(reference('ApiErrorBody')) },
    },
  };
}

function answer({ answer: type, summary }: Route): JsonObject {
  const description = summary;
  switch (type) {
    case 'nothing':
      return { description };
    case 'document':
      return { description, content: json({ type: 'object' }) };
    case 'events':
      return { description, content: { 'text/event-stream': { schema: { type: 'string' } } } };
    case 'file':
      return {
        description,
        content: {
          'text/plain': { schema: { type: 'string' } },
          'application/octet-stream': {},
          'image/*': {},
          ...json(reference('TextPage')),
        },
      };
    default:
      return { description, content: json(reference(type)) };
  }
}

/** `getRunLive`: from the method and the words of the path. */
function operationId({ method, path }: Route): string {
  const words = path.replace('/api/', '').replace('.json', '').match(/\w+/g) ?? [];
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return `${method}${name}`;
}

function json(schema: Json): JsonObject {
  return { 'application/json': { schema } };
}

function reference(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}
