/** What a backend finds that looks for nothing. */
import type { Located } from './backend.ts';

export const nothingLocated: Located = {
  program: null,
  isProgramOpen: false,
  kept: [],
  outputSchema: null,
  before: [],
  directories: [],
  homes: [],
  around: [],
};
