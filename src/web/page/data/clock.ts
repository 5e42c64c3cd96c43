/** The time that the page shows: the server's, in steps, shared by all that shows it. */
import { useSyncExternalStore } from 'react';

let offsetMs = 0;
const toleratedMs = 2_000;

/** Small differences are the network's, and no reason to correct anything. */
export function setServerClock(now: string): void {
  const difference = Date.parse(now) - Date.now();
  offsetMs = Math.abs(difference) > toleratedMs ? difference : 0;
}

function nowMs(): number {
  return Date.now() + offsetMs;
}

const stepMs = 1_000;
const listeners = new Set<() => void>();
let current = nowMs();
let timer: ReturnType<typeof setInterval> | null = null;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    current = nowMs();
    for (const each of listeners) each();
  }, stepMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer) {
      clearInterval(timer);
      timer = null;
    }
  };
}

/** Re-renders as time goes by, at the given step only. */
export function useNow(everyMs = stepMs): number {
  return useSyncExternalStore(subscribe, () => Math.floor(current / everyMs) * everyMs);
}

/** `4m 12s`, `2h 5m`, `0.4s`: two units at most. */
export function durationText(ms: number): string {
  if (ms < 0) return '0s';
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${seconds % 60}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h ${minutes % 60}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** `just now`, `3 min ago`, `yesterday` …; the exact time stands in the tooltip. */
export function agoText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 10) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  if (days < 30) return days === 1 ? 'yesterday' : `${days} days ago`;
  const months = Math.floor(days / 30);
  return months < 12 ? `${months} mo ago` : `${Math.floor(days / 365)} y ago`;
}
