import { describe, expect, it } from 'vitest';
import { brief, project, report, task, type Files } from '../sample-program.ts';

const CONFIG = 'no-global-root/config.toml';
const elsewhere = `${project}executor: temporal\nisolation: tree\n`;
const remote = `${elsewhere}depot: /mnt/depot\n`;
const away = 'queue_key_env: QUEUE_KEY';

interface Case {
  name: string;
  files: Files;
  expected: string[];
  /** Parts of messages and hints that a reader needs. */
  says?: string[];
}

const cases: Case[] = [
  {
    name: 'nothing where all is said',
    files: {
      'project.yaml': `${remote}temporal: {address: 'temporal.example:7233', tls: {}, ${away}}\n`,
      'tasks/a.yaml': task('a', 'workspace: packages/a\nruns_on: gpu\n'),
      'packages/a/x': '',
    },
    expected: [],
  },
  {
    name: 'a depot is missing',
    files: { 'project.yaml': elsewhere },
    expected: ['error machines.no_depot project.yaml:3:11'],
    says: ['nobody names one', 'depot: {listen: 127.0.0.1:7300}'],
  },
  {
    name: 'a depot that config.toml names',
    files: { 'project.yaml': elsewhere, [CONFIG]: 'depot = "/mnt/depot"\n' },
    expected: [],
  },
  {
    name: 'a depot that says nothing, or both',
    files: { 'project.yaml': `${elsewhere}depot: {}\n` },
    expected: ['error machines.depot project.yaml:5:8'],
  },
  {
    name: 'a depot in a directory and at an endpoint',
    files: { 'project.yaml': `${elsewhere}depot: {directory: /mnt, listen: '127.0.0.1:1'}\n` },
    expected: ['error machines.depot project.yaml:5:8'],
    says: ['and not in both'],
  },
  {
    name: 'a depot in a relative directory',
    files: { 'project.yaml': `${elsewhere}depot: depot\n` },
    expected: ['error project.bad_value project.yaml:5:8'],
    says: ['absolute path'],
  },
  {
    name: 'a depot that workers could not reach',
    files: { 'project.yaml': `${elsewhere}depot: {listen: '0.0.0.0:7300'}\n` },
    expected: ['error machines.depot project.yaml:5:17'],
    says: ['Add "url"'],
  },
  ...['[fe80::1%eth0]:7300', 'a<b:80', 'depot%zz:7300', 'a/b:80', 'a@b:80', '10.0.0.1:65536'].map(
    (listen) => ({
      name: `a depot at ${listen}, which is no host and port`,
      files: {
        'project.yaml': `${elsewhere}temporal: {address: 127.0.0.1:7233}\ndepot: {listen: '${listen}'}\n`,
      },
      expected: ['error project.bad_value project.yaml:6:17'],
      says: ['a host and a port'],
    }),
  ),
  {
    name: 'a depot in plain text, for whom config.toml allows none',
    files: { 'project.yaml': `${elsewhere}depot: {listen: '10.0.0.1:7300'}\n` },
    expected: ['error machines.depot project.yaml:5:17'],
    says: ['http://10.0.0.1:7300 in plain text'],
  },
  {
    name: 'the same, where config.toml allows it',
    files: {
      'project.yaml': `${elsewhere}depot: {listen: '10.0.0.1:7300'}\n`,
      [CONFIG]: '[temporal]\ninsecure = true\n',
    },
    expected: [],
  },
  {
    name: 'a depot that listens beyond this machine, whatever stands before it',
    files: {
      'project.yaml': `${elsewhere}temporal: {address: 127.0.0.1:7233}\ndepot: {listen: '10.0.0.5:7300', url: 'https://depot.example'}\n`,
    },
    expected: ['error machines.depot project.yaml:6:17'],
    says: ['plain text at 10.0.0.5:7300', 'Listen at 127.0.0.1'],
  },
  {
    name: 'the same, behind all addresses',
    files: {
      'project.yaml': `${elsewhere}depot: {listen: '0.0.0.0:7300', url: 'https://depot.example'}\n`,
    },
    expected: ['error machines.depot project.yaml:5:17'],
    says: ['plain text at 0.0.0.0:7300'],
  },
  {
    name: 'a depot of config.toml in plain text, for a program that allows none',
    files: {
      'project.yaml': `${elsewhere}temporal: {address: 127.0.0.1:7233}\n`,
      [CONFIG]: '[temporal]\ninsecure = true\n[depot]\nlisten = "10.0.0.1:7300"\n',
    },
    expected: ['error machines.depot project.yaml:5:11'],
    says: ['http://10.0.0.1:7300 in plain text, by config.toml'],
  },
  {
    name: 'a server in plain text, and nothing sealed',
    files: { 'project.yaml': `${remote}temporal: {address: '10.0.0.1:7233'}\n` },
    expected: [
      'error machines.plain_text project.yaml:6:21',
      'error machines.queue_key project.yaml:6:21',
    ],
    says: ['in plain text', 'openssl rand -hex 32'],
  },
  {
    name: 'an address without a port',
    files: { 'project.yaml': `${remote}temporal: {address: temporal.example}\n` },
    expected: ['error project.bad_value project.yaml:6:21'],
    says: ['temporal.example:7233'],
  },
  {
    name: 'a certificate without its key',
    files: { 'project.yaml': `${remote}temporal: {tls: {cert: mine.pem}}\n` },
    expected: ['error machines.tls project.yaml:6:17'],
  },
  {
    name: 'a fence that is later than the loss',
    files: { 'project.yaml': `${remote}temporal: {lost_after_sec: 100, fence_sec: 160}\n` },
    expected: ['error machines.fence project.yaml:6:44'],
    says: ['after 160 s', 'Set it below 160'],
  },
  {
    name: 'tasks that hang on this machine',
    files: {
      'project.yaml': remote,
      'tasks/a.yaml': task('a', 'isolation: none\n'),
      'tasks/b.yaml': task('b', 'workspace: /usr\n'),
      'tasks/c.yaml': task('c', 'extra_writable_roots: [out]\n'),
      'out/x': '',
    },
    expected: [
      'error machines.isolation tasks/a.yaml:3:12',
      'error machines.workspace tasks/b.yaml:3:12',
      'error machines.writable_roots tasks/c.yaml:3:23',
    ],
    says: ['needs "isolation: tree"', 'Name it relative', 'Remove them'],
  },
  {
    name: 'the same, where config.toml sends everything elsewhere',
    files: {
      'tasks/a.yaml': task('a'),
      [CONFIG]: 'executor = "temporal"\ndepot = "/mnt/depot"\n',
    },
    expected: ['error machines.isolation tasks/a.yaml:1:1'],
  },
  {
    name: 'a program that stays here, whatever config.toml says',
    files: {
      'project.yaml': `${project}executor: local\n`,
      'tasks/a.yaml': task('a'),
      [CONFIG]: 'executor = "temporal"\n',
    },
    expected: [],
  },
  {
    name: 'a queue that nobody asks',
    files: {
      'project.yaml': `${project}agents: {coder: {backend: codex, runs_on: gpu}}\n`,
      'tasks/a.yaml': task('a', 'runs_on: gpu\n'),
    },
    expected: [
      'warning machines.unused project.yaml:3:43',
      'warning machines.unused tasks/a.yaml:3:10',
    ],
    says: ['no effect without "executor: temporal"'],
  },
  {
    name: 'variables for other machines that nobody sets',
    files: {
      'project.yaml': `${remote}agents: {coder: {env: {CI_TOKEN: x}, worker_env: [CI_TOKEM]}}\n`,
    },
    expected: ['error machines.worker_env project.yaml:6:51'],
    says: ['Did you mean "CI_TOKEN"?'],
  },
];

describe('21. Validation: attempts on other machines', () => {
  it.each(cases)('$name', async ({ files, expected, says = [] }) => {
    const { errors, warnings } = await report(files);
    const all = [...errors, ...warnings];
    expect(all.map(brief).sort()).toEqual([...expected].sort());
    const said = all.map((each) => `${each.message} ${each.hint ?? ''}`).join('\n');
    for (const part of says) expect(said).toContain(part);
  });
});
