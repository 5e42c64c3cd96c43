/**
 * Whether the server asks for its token again: it was ended and started again while the page was open. What the
 * page shows, and what was typed, stays; `parts/sign-in-again.tsx` says what to do.
 */
import { useSyncExternalStore } from 'react';

let signedOut = false;
const listeners = new Set<() => void>();

export function setSignedOut(now: boolean): void {
  if (signedOut === now) return;
  signedOut = now;
  for (const listener of listeners) listener();
}

export function useSignedOut(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => signedOut,
  );
}
