/** Shown while the server asks for its token again. What is behind it, and what was typed there, stays. */
import { useState } from 'react';
import { useFailure } from '../data/failure.ts';
import { signInAgain } from '../data/sign-in.ts';
import { useSignedOut } from '../data/signed-out.ts';
import { FailureBox } from './failure.tsx';

export function SignInAgain() {
  const signedOut = useSignedOut();
  const [token, setToken] = useState('');
  const { failure, attempt } = useFailure();
  if (!signedOut) return null;
  const send = async (): Promise<void> => {
    await signInAgain(token);
    setToken('');
  };
  return (
    <form
      className="sign-in-again"
      aria-label="Sign in again"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(send);
      }}
    >
      <p role="alert">
        <strong>The server was started again, and has a new token.</strong> Open the address that{' '}
        <code>codex-orch web</code> printed in a tab of this browser, or paste it here. What you
        typed on this page stays.
      </p>
      <div className="row">
        <input
          type="password"
          autoComplete="off"
          aria-label="Address or token"
          placeholder="Address or token"
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <button className="primary" type="submit" disabled={token.trim() === ''}>
          Sign in
        </button>
      </div>
      {failure && <FailureBox failure={failure} />}
    </form>
  );
}
