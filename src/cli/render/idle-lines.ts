/** What is said of runs that could go on, and that nobody drives. Pure. */
import { plural } from '../../text/plural.ts';
import type { IdleRun } from '../../app/run/idle.ts';
import type { Paint } from './paint.ts';

const SHOWN = 5;

/** `program`: how command lines name it: empty, or the directory with a blank after it. */
export function idleLines(runs: readonly IdleRun[], program: string, paint: Paint): string[] {
  const lines = runs.slice(0, SHOWN).map((run) => {
    const command = paint.command(`codex-orch run resume ${program}${run.runId}`);
    return `run ${run.runId}: ${paint.asks(why(run))}; go on with: ${command}`;
  });
  const more = runs.length - SHOWN;
  if (more > 0) lines.push(`… and ${plural(more, 'more run')} that nobody drives`);
  return lines;
}

function why({ answered, waiting, dueSince }: IdleRun): string {
  if (dueSince !== null) return `due since ${dueSince}, no engine`;
  if (answered === 0) return 'nobody drives it';
  if (answered === waiting) return 'all is answered, and nobody drives it';
  return `${answered} of ${waiting} waiting are answered, and nobody drives it`;
}
