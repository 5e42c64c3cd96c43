/** Beyond loopback the server wants a token once; it comes in the address that the command printed. */
import { sendJson } from './api.ts';

export async function signIn(token: string): Promise<void> {
  await sendJson('POST', '/api/login', { token });
}

/** Takes the token out of the address, so that it is neither kept in the history nor shown. */
export async function signInFromAddress(): Promise<void> {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token === undefined) return;
  history.replaceState(null, '', location.pathname + location.search);
  try {
    await signIn(decodeURIComponent(token));
  } catch {
    // The page asks for it again.
  }
}
