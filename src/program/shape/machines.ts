/** `executor`, `temporal`, `depot` and `runs_on`: section 21 of the contract. Those of config.toml have the same form. */
import {
  executorNames,
  temporalDefaults,
  type DepotSettings,
  type TemporalSettings,
  type TlsSettings,
} from '../../model/machines.ts';
import { idString, variable, webUrl, word } from './forms.ts';
import type { Field, FieldsOf, Shape, StringForm } from './shape.ts';

/** What the rules, and `fetch`, take for the host of a URL: of `a/b:80` they would take another. */
const hostAndPortPattern = /^(\[[^\]\s]+\]|[^:/\\?#@[\]\s]+):\d{1,5}$/;

const hostAndPort: StringForm = {
  pattern: hostAndPortPattern.source,
  problem: (text) =>
    hostAndPortPattern.test(text) && URL.canParse(`http://${text}`)
      ? null
      : 'must be a host and a port with ":" between them: temporal.example:7233',
};

const absoluteDirectory: StringForm = {
  pattern: '^/',
  problem: (text) =>
    text.startsWith('/') && !text.includes('\0')
      ? null
      : 'must be the absolute path of a directory that all machines see under that path',
};

const address: Shape = { type: 'string', nonEmpty: true, form: hostAndPort };

const tlsFields: FieldsOf<TlsSettings> = {
  ca: {
    shape: word,
    nullable: true,
    description:
      'File with the certificates that the server’s is to be from; without it, those of the system count.',
  },
  cert: { shape: word, nullable: true, description: 'File with the certificate of this side.' },
  key: { shape: word, nullable: true, description: 'File with its key.' },
};

const temporalFields: FieldsOf<TemporalSettings> = {
  address: {
    shape: address,
    default: temporalDefaults.address,
    description: 'Host and port of the server’s frontend.',
    examples: ['temporal.example:7233'],
  },
  namespace: {
    shape: word,
    default: temporalDefaults.namespace,
    description: 'Namespace of the server, with a retention of at least 7 days.',
  },
  task_queue: {
    shape: idString,
    default: temporalDefaults.task_queue,
    description: 'Queue of tasks and agents that name none with runs_on.',
  },
  tls: {
    shape: { type: 'object', fields: tlsFields },
    nullable: true,
    description:
      'Encrypts the way to the server; {} takes the certificates of the system. Relative files count from the file that says this.',
    examples: [{ ca: '/etc/codex-orch/ca.pem', cert: 'mine.pem', key: 'mine.key' }],
  },
  api_key_env: {
    shape: variable,
    nullable: true,
    description: 'Environment variable with the API key that the server asks for; goes with TLS.',
    examples: ['TEMPORAL_API_KEY'],
  },
  queue_key_env: {
    shape: variable,
    nullable: true,
    description:
      'Environment variable with the key that seals what the server passes on to workers; required where the server is another machine.',
    examples: ['CODEX_ORCH_QUEUE_KEY'],
  },
  insecure: {
    shape: { type: 'boolean' },
    description: 'Allows plain text to other machines: in a network that nobody else reads.',
  },
  heartbeat_timeout_sec: {
    shape: { type: 'seconds' },
    default: temporalDefaults.heartbeat_timeout_sec,
    description: 'Seconds without a sign of a worker until the server has it asked for.',
  },
  lost_after_sec: {
    shape: { type: 'seconds' },
    default: temporalDefaults.lost_after_sec,
    description: 'Seconds that a host may then be away until its attempt counts as lost.',
  },
  fence_sec: {
    shape: { type: 'seconds' },
    nullable: true,
    description:
      'Seconds after which a worker that hears from nobody stops its agents; without it, 30 less than both of those together.',
  },
};

const depotFields: FieldsOf<DepotSettings> = {
  directory: {
    shape: { type: 'string', nonEmpty: true, form: absoluteDirectory },
    nullable: true,
    description:
      'Directory that the run’s machine and all workers see under this path; alone it may stand in place of the whole.',
    examples: ['/mnt/team/depot'],
  },
  listen: {
    shape: address,
    nullable: true,
    description: 'Host and port at which the run’s machine hands files over, while an engine runs.',
    examples: ['127.0.0.1:7300'],
  },
  url: {
    shape: { type: 'string', nonEmpty: true, form: webUrl },
    nullable: true,
    description: 'How workers reach it; without it, http:// and what stands in listen.',
    examples: ['https://depot.example'],
  },
};

export const executor: Field = {
  shape: { type: 'enum', values: executorNames },
  staysOut: true,
  description:
    'Who carries attempts out: local, this machine; temporal, workers on any (codex-orch worker). Left out: as config.toml says, and else local.',
  examples: ['temporal'],
};

export const temporal: Field = {
  shape: { type: 'object', fields: temporalFields },
  staysOut: true,
  description:
    'The Temporal server, with executor: temporal. Left out: as config.toml says, and else one on this machine. The nearest one counts, whole.',
  examples: [{ address: 'temporal.example:7233', tls: {} }],
};

export const depot: Field = {
  shape: { type: 'object', bare: 'directory', fields: depotFields },
  staysOut: true,
  description:
    'Where files are handed over, with executor: temporal: a directory that all machines see, or an endpoint {listen, url} of the run’s machine. Left out: as config.toml says.',
  examples: ['/mnt/team/depot', { listen: '127.0.0.1:7300', url: 'https://depot.example' }],
};

export const runsOn: Field = {
  shape: idString,
  staysOut: true,
  description:
    'Queue whose workers may have its attempts, with executor: temporal (codex-orch worker --queue). Without one, temporal.task_queue.',
  examples: ['gpu'],
};
