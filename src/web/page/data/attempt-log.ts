/** The lines of an attempt that is over, or of its end: read once, for where few lines say enough. */
import { useMemo } from 'react';
import type { ActivityPage, AttemptView } from '../../api/attempt.ts';
import type { TextPage } from '../../api/file.ts';
import { logLines, marksOf, type LogLine } from './log-lines.ts';
import { useResource } from './resource.ts';

export interface AttemptTail {
  lines: LogLine[];
  startedAt: string;
}

const outputBytes = 32_768;
const errorBytes = 16_384;

/** @param base the attempt's address; null: nothing is read. */
export function useAttemptTail(base: string | null, most: number): AttemptTail | null {
  const of = (rest: string): string | null => (base === null ? null : `${base}${rest}`);
  const { data: view } = useResource<AttemptView>(base);
  const output = useResource<ActivityPage>(of(`/activities?bytes=${outputBytes}`));
  const errors = useResource<TextPage>(of(`/raw?stream=stderr&bytes=${errorBytes}`));
  return useMemo(() => {
    if (!view || !output.data || !errors.data) return null;
    const marks = marksOf(view.runtime);
    const lines = logLines(output.data.activities, errors.data, marks).slice(-most);
    return { lines, startedAt: view.record.started_at };
  }, [view, output.data, errors.data, most]);
}
