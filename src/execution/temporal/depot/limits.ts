/** What a depot takes of a worker at most, and a worker of a depot. Bytes. */
import type { JsonLimits } from '../../../disk/foreign-json.ts';

const MIB = 1024 * 1024;

/** Of one file. */
export const MAX_BLOB_BYTES = 4096 * MIB;
/** Of all that one attempt leaves, its output included. */
export const MAX_ATTEMPT_BYTES = 16_384 * MIB;
/** Of one of the two files that it prints into. */
export const MAX_OUTPUT_BYTES = 4096 * MIB;
/** Of output in one request. */
export const MAX_APPEND_BYTES = 8 * MIB;
export const MAX_QUESTION_BYTES = 4 * MIB;
export const MAX_QUESTIONS = 1000;
/** Files that an attempt leaves, or is given. */
export const MAX_FILES = 50_000;

/** Manifest, end and checkpoint: some hundred bytes for each file. */
export const RECORD: JsonLimits = { maxBytes: 64 * MIB, maxDepth: 100 };
/** Sign and orders. */
export const NOTE: JsonLimits = { maxBytes: 64 * 1024, maxDepth: 20 };
