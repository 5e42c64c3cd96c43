/** The page before the page: exchanges the token of the address for a cookie, and goes on to what was asked for. */
import { ApiFailure, getJson } from './data/api.ts';
import { signIn, takeTokenFromAddress } from './data/sign-in.ts';
import './styles/base.css';

const form = document.querySelector('form');
const input = document.querySelector('input');
const said = document.querySelector<HTMLElement>('.field-error');

/** A link from another site, which brings no cookie, leads here too: then there is one already. */
async function enter(token: string | null): Promise<void> {
  if (token !== null) await signIn(token);
  await getJson('/api/server');
  location.replace(location.pathname + location.search);
}

async function attempt(token: string | null): Promise<void> {
  try {
    await enter(token);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    if (form) form.hidden = false;
    if (!said || token === null) return;
    const { code, message, hint } = error.body;
    said.textContent =
      code === 'token-missing'
        ? 'The browser keeps no cookie for this address; it has to.'
        : [message, hint].filter(Boolean).join(': ');
    said.hidden = false;
  }
}

form?.addEventListener('submit', (event) => {
  event.preventDefault();
  void attempt(input?.value ?? '');
});
addEventListener('hashchange', () => {
  const token = takeTokenFromAddress();
  if (token !== null) void attempt(token);
});
await attempt(takeTokenFromAddress());
