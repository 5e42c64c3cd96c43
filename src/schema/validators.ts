/**
 * The validators, one per dialect. Import this file lazily: the static imports below are what the
 * bundler needs, which gives a CommonJS package that is itself imported lazily a default export only.
 */
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const options = { allErrors: true, strict: false, verbose: true, logger: false } as const;

/**
 * Makes validators for what `$schema` names (null: draft 2020-12); null for a dialect we do not have. One that was cut
 * off in the middle of compiling is of no use any more.
 */
export function validatorsOf(dialect: string | null): (() => Ajv) | null {
  const version = dialect === null ? '2020-12' : /draft[/-]([0-9-]+)\/schema/.exec(dialect)?.[1];
  switch (version) {
    case '2020-12':
      return () => addFormats.default(new Ajv2020(options));
    case '2019-09':
      return () => addFormats.default(new Ajv2019(options));
    case '07':
    case '06':
      return () => addFormats.default(new Ajv(options));
    default:
      return null;
  }
}
