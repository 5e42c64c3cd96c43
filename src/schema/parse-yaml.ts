/** Import this file lazily, and not `yaml` itself: see schema-validators.ts. */
export { parse as parseYaml } from 'yaml';
