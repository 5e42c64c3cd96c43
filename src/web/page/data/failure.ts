/** The refusal of what a person asked for last, to be shown beside it. */
import { useState } from 'react';
import { ApiFailure } from './api.ts';

interface Attempts {
  failure: ApiFailure | null;
  setFailure: (failure: ApiFailure | null) => void;
  /** The work is under way. */
  busy: boolean;
  /** Does the work, and keeps the refusal until something succeeds; a defect goes its way. */
  attempt: (work: () => Promise<void>) => Promise<void>;
}

export function useFailure(): Attempts {
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [busy, setBusy] = useState(false);
  return {
    failure,
    setFailure,
    busy,
    async attempt(work) {
      setBusy(true);
      try {
        await work();
        setFailure(null);
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        setFailure(error);
      } finally {
        setBusy(false);
      }
    },
  };
}
