/**
 * When a person last had a place in sight, kept in this browser: what has come since then can be named. A visit ends when
 * the place is left, or its tab is hidden or closed.
 */
import { useEffect, useState } from 'react';

const storageName = 'codex-orch.visits';
const mostPlaces = 200;
/** Who was away for less has missed nothing. */
const awayMs = 3 * 60_000;

/** The end of the visit before this one, ISO 8601; null: there was none, or it was just now. `place`: null is none. */
export function useLastVisit(place: string | null): string | null {
  const [last, setLast] = useState<string | null>(null);
  useEffect(() => {
    if (place === null) return;
    const begin = (): void => {
      const at = read()[place];
      if (at !== undefined && Date.now() - Date.parse(at) > awayMs) setLast(at);
    };
    const end = (): void => write(place, new Date().toISOString());
    const look = (): void => (document.visibilityState === 'visible' ? begin() : end());
    begin();
    document.addEventListener('visibilitychange', look);
    addEventListener('pagehide', end);
    return () => {
      document.removeEventListener('visibilitychange', look);
      removeEventListener('pagehide', end);
      end();
    };
  }, [place]);
  return last;
}

function read(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(storageName) ?? '{}') as Record<string, string>;
  } catch {
    return {};
  }
}

function write(place: string, at: string): void {
  const others = Object.entries(read()).filter(([name]) => name !== place);
  const kept = others.slice(1 - mostPlaces);
  try {
    localStorage.setItem(storageName, JSON.stringify(Object.fromEntries([...kept, [place, at]])));
  } catch {
    // Then nothing is said of it next time.
  }
}
