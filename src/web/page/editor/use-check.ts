/** What the program would be with a text in it, asked for when the text rests. */
import { useEffect, useState } from 'react';
import type { CheckResult } from '../../api/task.ts';
import { ApiFailure, filePath, sendJson } from '../data/api.ts';

const restMs = 300;

export interface Checked extends CheckResult {
  /** The text that it is about. */
  text: string;
}

/** `text`: null where there is nothing to ask; `file`: null where it has no name yet. */
export function useCheck(
  file: string | null,
  text: string | null,
  onFailure: (failure: ApiFailure) => void,
): Checked | null {
  const [check, setCheck] = useState<Checked | null>(null);
  useEffect(() => {
    if (text === null || file === null) return setCheck(null);
    let left = false;
    const timer = setTimeout(() => {
      sendJson<CheckResult>('POST', filePath('/api/program/texts', file), { text }).then(
        (result) => !left && setCheck({ ...result, text }),
        (error: unknown) => {
          if (!left && error instanceof ApiFailure && !error.isAway) onFailure(error);
        },
      );
    }, restMs);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [file, text, onFailure]);
  return check;
}
