/** Where the page begins. What the first view needs is asked for before React draws anything. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { prefetch } from './data/resource.ts';
import { signInFromAddress } from './data/sign-in.ts';
import './styles/base.css';
import './styles/lists.css';
import './styles/shell.css';

const place = document.getElementById('page');
if (!place) throw new Error('index.html has no place for the page');

// The server was updated while the page was open: its parts have new names.
window.addEventListener('vite:preloadError', () => location.reload());

await signInFromAddress();
prefetch('/api/overview');
prefetch('/api/server');
createRoot(place).render(<App />);
