// What the agents of this program share: where they read what they were given, and leave what they made.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const attemptDir = process.env.CODEX_ORCH_ATTEMPT_DIR;

/** A staged reference, parsed: `inputs/drain_state.json`, `deps/item/artifacts/result.json`, … */
export function readRef(file) {
  return JSON.parse(readFileSync(path.join(attemptDir, 'context/refs', file), 'utf8'));
}

/** The first item that is neither completed nor skipped, or undefined. */
export function nextItem(items, { completed, skipped }) {
  return items.find(({ id }) => !completed.includes(id) && !skipped.includes(id));
}

/** Leaves `result.json`; what it says to a person goes to standard output and so becomes `final.md`. */
export function leave(result, text) {
  writeFileSync(path.join(attemptDir, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  console.log(text);
}
