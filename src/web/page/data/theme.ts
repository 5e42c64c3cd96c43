/** Light, dark, or as the system says. `public/theme.js` applies the choice before the first paint. */
import { useState } from 'react';

export type Theme = 'system' | 'light' | 'dark';
const key = 'codex-orch.theme';

function storedTheme(): Theme {
  try {
    const value = localStorage.getItem(key);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(storedTheme);
  return [
    theme,
    (next) => {
      setTheme(next);
      if (next === 'system') delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = next;
      try {
        if (next === 'system') localStorage.removeItem(key);
        else localStorage.setItem(key, next);
      } catch {
        // Holds for this page only.
      }
    },
  ];
}
