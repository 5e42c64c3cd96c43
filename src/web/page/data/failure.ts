/** The refusal of what a person asked for last, to be shown beside it. */
import { useState } from 'react';
import { ApiFailure } from './api.ts';

interface Attempts {
  failure: ApiFailure | null;
  setFailure: (failure: ApiFailure | null) => void;
  /** Does the work, and keeps the refusal until something succeeds; a defect goes its way. */
  attempt: (work: () => Promise<void>) => Promise<void>;
}

export function useFailure(): Attempts {
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  return {
    failure,
    setFailure,
    async attempt(work) {
      try {
        await work();
        setFailure(null);
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        setFailure(error);
      }
    },
  };
}
