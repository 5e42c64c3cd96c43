/** The last lines of an attempt, where they are needed: output and errors as one. */
import { useAttemptTail } from '../data/attempt-log.ts';
import { apiPath } from '../data/api.ts';
import { LogRows } from './log.tsx';

interface OutputTailProps {
  runId: string;
  instanceId: string;
  attempt: number;
  most: number;
}

export function OutputTail({ runId, instanceId, attempt, most }: OutputTailProps) {
  const base =
    attempt === 0
      ? null
      : apiPath('runs', runId, 'instances', instanceId, 'attempts', String(attempt));
  const tail = useAttemptTail(base, most);
  if (!tail || tail.lines.length === 0) return null;
  const hasTimes = tail.lines.some(({ atMs }) => atMs !== null);
  return (
    <div className="log-tail" tabIndex={0} role="group" aria-label="Its last lines">
      <LogRows lines={tail.lines} startedAt={hasTimes ? tail.startedAt : null} first={null} wrap />
    </div>
  );
}
