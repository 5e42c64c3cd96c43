/** What a start would do, asked for when the choice rests; and the start itself. */
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import type { StartBody, StartPreview, StartResult } from '../../../api/start.ts';
import { ApiFailure, sendJson } from '../../data/api.ts';
import { invalidate } from '../../data/resource.ts';

const previewDelayMs = 150;

export interface Starting {
  preview: StartPreview | null;
  failure: ApiFailure | null;
  busy: boolean;
  start: () => Promise<void>;
}

/** `hash`: the program's; as it changes, the preview is asked for again. */
export function useStarting(body: StartBody, hash: string): Starting {
  const [, navigate] = useLocation();
  const [preview, setPreview] = useState<StartPreview | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [busy, setBusy] = useState(false);
  const chosen = body.roots.length + body.labels.length > 0;
  useEffect(() => {
    if (!chosen) {
      setPreview(null);
      setFailure(null);
      return;
    }
    let left = false;
    const timer = setTimeout(() => {
      sendJson<StartPreview>('POST', '/api/start/preview', body).then(
        (result) => {
          if (left) return;
          setPreview(result);
          setFailure(null);
        },
        (problem: unknown) => {
          if (left || !(problem instanceof ApiFailure)) return;
          setFailure(problem);
          setPreview(null);
        },
      );
    }, previewDelayMs);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [body, chosen, hash]);
  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      const { run_id: id } = await sendJson<StartResult>('POST', '/api/runs', body);
      invalidate('/api/overview', '/api/runs?');
      navigate(`/runs/${id}`);
    } catch (problem) {
      if (!(problem instanceof ApiFailure)) throw problem;
      setFailure(problem);
      setBusy(false);
    }
  };
  return { preview, failure, busy, start };
}
