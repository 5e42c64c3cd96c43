/** How a watch knows its process. */
import type { ChildProcess } from 'node:child_process';
import type { ProcessIdentity } from '../../processes/identity.ts';

export type Watched =
  | { kind: 'child'; child: ChildProcess; argv: string[] }
  /** Started by our launcher; `exited` resolves when it has recorded its exit, not if it is killed. */
  | {
      kind: 'launched';
      identity: ProcessIdentity;
      exited: Promise<void>;
      /** As of a launch's outcome. */
      reaped(): Promise<void>;
      argv: string[];
    }
  /** Started by an engine that has died; it lives, or is where we cannot look. */
  | { kind: 'attached'; identity: ProcessIdentity; argv: string[] }
  /** It ended while no engine watched. */
  | { kind: 'gone'; identity: ProcessIdentity | null; argv: string[] }
  /** It could not start. */
  | { kind: 'failed'; problem: string; argv: string[] };

export function pidOf(watched: Watched): number | null {
  switch (watched.kind) {
    case 'child':
      return watched.child.pid ?? null;
    case 'launched':
    case 'attached':
      return watched.identity.pid;
    case 'gone':
      return watched.identity?.pid ?? null;
    case 'failed':
      return null;
  }
}

/** Not our child: who it is must be checked before it is signalled, and asked for whether it lives. */
export function isKnownByIdentity(
  watched: Watched,
): watched is Extract<Watched, { kind: 'launched' | 'attached' }> {
  return watched.kind === 'launched' || watched.kind === 'attached';
}

/** Whether somebody tells when it ends: its parent, or the launcher (unless it is killed). */
export function departureIsTold({ kind }: Watched): boolean {
  return kind === 'child' || kind === 'launched';
}
