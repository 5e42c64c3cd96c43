/** The same without a launcher, as on systems that have no bash. */
process.env['CODEX_ORCH_TEST_DIRECT'] = '1';
await import('./supervise.test.ts');

export {};
