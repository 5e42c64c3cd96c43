/** Where the page begins. What the first view needs is asked for before React draws anything. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { prefetch } from './data/resource.ts';
import { signInAgain, takeTokenFromAddress } from './data/sign-in.ts';
import './styles/base.css';
import './styles/lists.css';
import './styles/shell.css';

const place = document.getElementById('page');
if (!place) throw new Error('index.html has no place for the page');

// The server was updated while the page was open: its parts have new names. Or it is away: then a reload would
// lead to the browser's own page, which does not come back. A part that fails by itself would fail again.
window.addEventListener('vite:preloadError', () => void reloadWhenServed());

async function reloadWhenServed(): Promise<void> {
  for (let wasAway = false; ; wasAway = true) {
    try {
      const served = await (await fetch('/', { cache: 'no-store' })).text();
      if (wasAway || !served.includes(new URL(import.meta.url).pathname)) location.reload();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

// Who sees this page has signed in (sign-in.ts does that): the token only has to leave the address. One that comes
// later is of a server that was started again.
takeTokenFromAddress();
addEventListener('hashchange', () => {
  const token = takeTokenFromAddress();
  // A wrong one leaves everything as it is: where a token is needed, the page asks for it.
  if (token !== null) void signInAgain(token).catch(() => undefined);
});
prefetch('/api/overview');
prefetch('/api/server');
createRoot(place).render(<App />);
