/** Durations, times of day and tokens, short enough for a line of 80 columns. */
import { count } from '../../text/amounts.ts';
import type { Usage } from '../../model/run.ts';

/** `7s`, `4m07s`, `2h03m`, `3d04h`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

/** Between two ISO times; null where one is missing or unreadable. */
export function durationBetween(from: string | null, to: string | null): string | null {
  if (from === null || to === null) return null;
  const milliseconds = Date.parse(to) - Date.parse(from);
  return Number.isNaN(milliseconds) ? null : duration(milliseconds);
}

/** What an agent read and wrote, in tokens. */
export function totalTokens(usage: Usage): number {
  return usage.input_tokens + usage.output_tokens;
}

/** `14:02:11`, in the reader's time zone. */
export function timeOfDay(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '--:--:--';
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((value) => String(value).padStart(2, '0'))
    .join(':');
}

/** `2026-11-22 14:02`, in the reader's time zone. */
export function localTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** `$1.20`, `$0.0042`; `unknown` where nobody knows. */
export function dollars(usd: number | null): string {
  if (usd === null) return 'unknown';
  return `$${usd.toFixed(usd !== 0 && usd < 0.1 ? 4 : 2)}`;
}

/** Tokens and cost for people: empty where no token was told and none is missing. */
export function spent(total: Spent): string[] {
  const { attempts, unpriced_attempts: unpriced, cost_usd: usd } = total;
  const tokens = total.input_tokens + total.output_tokens;
  return [
    ...(tokens > 0 ? [`${count(tokens)} tokens`] : []),
    ...(usd !== null && (usd > 0 || (tokens > 0 && unpriced === 0)) ? [dollars(usd)] : []),
    ...(unpriced > 0 && usd !== null ? [`${unpriced} of ${attempts} attempts unpriced`] : []),
  ];
}

/** `512 B`, `1.4 MiB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const units = ['B', 'KiB', 'MiB', 'GiB'];

interface Spent {
  attempts: number;
  unpriced_attempts: number;
  cost_usd: number | null;
  input_tokens: number;
  output_tokens: number;
}
