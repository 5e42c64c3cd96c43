/** What a check of `codex-orch doctor` found. */
export interface Finding {
  /** Stable, dotted: `codex.version`. */
  id: string;
  ok: boolean;
  /** What it means where it is not ok: an error stops attempts, a warning may. */
  severity: 'error' | 'warning';
  message: string;
  /** What to do; null where it is ok. */
  remedy: string | null;
}

export function fine(id: string, message: string): Finding {
  return { id, ok: true, severity: 'error', message, remedy: null };
}

export function problem(
  id: string,
  severity: Finding['severity'],
  message: string,
  remedy: string,
): Finding {
  return { id, ok: false, severity, message, remedy };
}
