/** Has an engine in the background go on with a run, right where it is said that nobody does. */
import { useState } from 'react';
import type { ActionResult } from '../../api/run.ts';
import { ApiFailure, apiPath, sendJson } from '../data/api.ts';
import { invalidate } from '../data/resource.ts';
import { Icon } from './icons.tsx';

interface ResumeButtonProps {
  runId: string;
  /** What came of it, in a sentence. */
  onDone: (message: string) => void;
}

export function ResumeButton({ runId, onDone }: ResumeButtonProps) {
  const [busy, setBusy] = useState(false);
  const resume = async (): Promise<void> => {
    setBusy(true);
    try {
      onDone((await sendJson<ActionResult>('POST', apiPath('runs', runId, 'resume'))).message);
      invalidate(apiPath('runs', runId), '/api/overview');
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      onDone(error.message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" className="primary" disabled={busy} onClick={() => void resume()}>
      <Icon name="play" /> {busy ? 'Resuming…' : 'Resume'}
    </button>
  );
}
