/** Times as people say them; the exact one on hover. Each renders anew only when its text changes. */
import { agoText, durationText, useNow } from '../data/clock.ts';

function exactText(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

export function Ago({ time }: { time: string }) {
  const now = useNow(10_000);
  return (
    <time dateTime={time} title={`${exactText(time)} (${time})`}>
      {agoText(Math.max(0, now - Date.parse(time)))}
    </time>
  );
}

/** The time of day, and the day where it is another: for rows that came shortly after each other. */
export function ClockTime({ time }: { time: string }) {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time className="num" dateTime={time} title={`${exactText(time)} (${time})`}>
      {isToday ? '' : `${date.toLocaleDateString(undefined, { month: 'short', day: 'numeric' })} `}
      {date.toLocaleTimeString(undefined, { hour12: false })}
    </time>
  );
}

/** For a sentence. */
export function timeOfDay(iso: string): string {
  return new Date(iso).toLocaleTimeString(undefined, { hour12: false });
}

function Ticking({ since }: { since: string }) {
  const now = useNow();
  return <>{durationText(Math.floor(Math.max(0, now - Date.parse(since)) / 1000) * 1000 || 0)}</>;
}

/** How long it took, or takes so far. */
export function Took({ from, to }: { from: string | null; to: string | null }) {
  if (from === null) return <span className="faint">–</span>;
  return (
    <span
      className="num"
      title={`${exactText(from)}${to ? ` – ${exactText(to)}` : ', still running'}`}
    >
      {to ? durationText(Date.parse(to) - Date.parse(from)) : <Ticking since={from} />}
    </span>
  );
}

const units = ['B', 'KiB', 'MiB', 'GiB'];

export function Size({ bytes }: { bytes: number }) {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return (
    <span className="num faint" title={`${bytes.toLocaleString()} bytes`}>
      {unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} {units[unit]}
    </span>
  );
}
