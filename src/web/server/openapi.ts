/** placeholder until the schemas are made */
export function openapiDocument(version: string): Record<string, unknown> {
  return { openapi: '3.1.0', info: { title: 'codex-orch', version }, paths: {} };
}
