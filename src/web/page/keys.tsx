/** Keys for those who come daily: to places, into the search, to anything by its name; and the list of them. */
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));

/** After `g`. */
const places: Record<string, { href: string; name: string }> = {
  o: { href: '/', name: 'Overview' },
  i: { href: '/inbox', name: 'Inbox' },
  r: { href: '/runs', name: 'Runs' },
  p: { href: '/program', name: 'Program' },
  c: { href: '/proposals', name: 'Proposals' },
  s: { href: '/start', name: 'Start a run' },
};
const secondKeyMs = 1_200;

type Shown = 'help' | 'palette' | null;

export function Keys() {
  const [, go] = useLocation();
  const [shown, show] = useState<Shown>(null);
  const awaited = useRef(0);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const { key, ctrlKey, metaKey, altKey } = event;
      if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'k') {
        event.preventDefault();
        show((old) => (old === 'palette' ? null : 'palette'));
        return;
      }
      if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 's') {
        const form = document.querySelector<HTMLFormElement>('form[data-save]');
        if (!form) return;
        event.preventDefault();
        // It goes no other way than the button: not while that is disabled, nor again while the key is held.
        if (!event.repeat && !form.querySelector('[type=submit]:disabled')) form.requestSubmit();
        return;
      }
      if (ctrlKey || metaKey || altKey || isTyping(event.target)) return;
      const place = Date.now() < awaited.current ? places[key] : undefined;
      awaited.current = key === 'g' ? Date.now() + secondKeyMs : 0;
      if (place) {
        event.preventDefault();
        go(place.href);
      } else if (key === '?') show('help');
      else if (key === '/') {
        const field = document.querySelector<HTMLInputElement>('[data-search]');
        if (!field) return show('palette');
        event.preventDefault();
        field.focus();
        field.select();
      }
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [go]);
  if (shown === 'help') return <Help onClose={() => show(null)} />;
  if (shown === null) return null;
  return (
    <Suspense fallback={null}>
      <Palette onClose={() => show(null)} />
    </Suspense>
  );
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (document.querySelector('dialog[open]')) return true;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

const others: [keys: string[], what: string][] = [
  [['Ctrl', 'K'], 'Go to anything by its name'],
  [['/'], 'Search the list or log in sight'],
  [['Ctrl', 'S'], 'Save what is edited'],
  [['?'], 'This list'],
];

function Help({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const rows = [
    ...others,
    ...Object.entries(places).map(([key, { name }]): [string[], string] => [['g', key], name]),
  ];
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-label="Keys"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <form method="dialog">
        <h2>Keys</h2>
        <dl className="keys">
          {rows.map(([keys, what]) => (
            <div key={what} className="fact">
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <div className="row end">
          <button>Close</button>
        </div>
      </form>
    </dialog>
  );
}
