/** Import this file lazily, and not `yaml` itself: see validators.ts. */
export { parse as parseYaml } from 'yaml';
