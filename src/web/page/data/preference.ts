/** How a person likes to read: kept in this browser. */
import { useState } from 'react';

export function usePreference(name: string, first: boolean): [boolean, (value: boolean) => void] {
  const key = `codex-orch.${name}`;
  const [value, setValue] = useState(() => {
    try {
      const stored = localStorage.getItem(key);
      return stored === null ? first : stored === 'yes';
    } catch {
      return first;
    }
  });
  return [
    value,
    (next) => {
      setValue(next);
      try {
        localStorage.setItem(key, next ? 'yes' : 'no');
      } catch {
        // Holds for this page only.
      }
    },
  ];
}
