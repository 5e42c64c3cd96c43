/** Requests to the server. Failures are `ApiFailure`s with the server's own words. */
import { parseJson, stringifyJson } from '../../../model/json.ts';
import { setSignedOut } from './signed-out.ts';
import type { ApiError, ApiErrorBody } from '../../api/error.ts';

export class ApiFailure extends Error {
  readonly status: number;
  readonly body: ApiError;

  constructor(status: number, body: ApiError) {
    super(body.message);
    this.name = 'ApiFailure';
    this.status = status;
    this.body = body;
  }

  /** The server does not answer, or not us; what was read before is the best there is. */
  get isAway(): boolean {
    return this.status === 0 || this.status === 401;
  }
}

/** @throws ApiFailure */
export function getJson<T>(path: string): Promise<T> {
  return request<T>('GET', path);
}

/** @throws ApiFailure */
export function sendJson<T>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body: unknown = {},
): Promise<T> {
  return request<T>(method, path, body);
}

async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit =
    body === undefined
      ? { method }
      : {
          method,
          headers: { 'content-type': 'application/json', 'x-codex-orch': '1' },
          body: stringifyJson(body),
        };
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, init);
    text = await response.text();
  } catch {
    throw new ApiFailure(0, {
      code: 'offline',
      message: 'The server does not answer.',
      hint: 'Start it again with: codex-orch web',
    });
  }
  if (response.status === 401) setSignedOut(true);
  if (response.status === 204) return undefined as T;
  if (!response.ok) throw new ApiFailure(response.status, errorOf(text, response.status));
  return parseJson(text) as T;
}

function errorOf(text: string, status: number): ApiError {
  try {
    return (JSON.parse(text) as ApiErrorBody).error;
  } catch {
    return { code: 'unreadable', message: `The server answered ${status}.`, hint: null };
  }
}

/** A path of ids and file names, each segment encoded; slashes inside `rest` stay. */
export function apiPath(...segments: string[]): string {
  return `/api/${segments.map(encodeURIComponent).join('/')}`;
}

export function filePath(base: string, file: string): string {
  return `${base}/${file.split('/').map(encodeURIComponent).join('/')}`;
}

/** The file of such an address. One that somebody has typed may escape nothing: `100%.md` stays what it is. */
export function fileAt(base: string, address: string): string {
  return address
    .slice(base.length + 1)
    .split('/')
    .map((segment) => {
      try {
        return decodeURIComponent(segment);
      } catch {
        return segment;
      }
    })
    .join('/');
}
