/** The token comes in the address that `codex-orch web` printed, behind `#`, and is exchanged for a cookie. */
import { sendJson } from './api.ts';
import { invalidate } from './resource.ts';
import { setSignedOut } from './signed-out.ts';

/** `text`: a token, or the whole address. @throws ApiFailure */
export async function signIn(text: string): Promise<void> {
  await sendJson('POST', '/api/login', { token: tokenIn(text) });
}

/** The same on a page that is open: what it shows is read again. @throws ApiFailure */
export async function signInAgain(text: string): Promise<void> {
  await signIn(text);
  setSignedOut(false);
  invalidate('/api/');
}

/** Takes the token out of the address, so that it is neither kept in the history nor shown. */
export function takeTokenFromAddress(): string | null {
  if (!location.hash.startsWith('#token=')) return null;
  const token = tokenIn(location.hash);
  history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

function tokenIn(text: string): string {
  const token = text.trim().replace(/^.*#token=/, '');
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}
