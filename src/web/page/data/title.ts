/** What the window is called while a view is open; without a text, what it was called before. */
import { useEffect } from 'react';

export function useTitle(text: string | null): void {
  useEffect(() => {
    if (text !== null) document.title = `${text} · codex-orch`;
  }, [text]);
}
