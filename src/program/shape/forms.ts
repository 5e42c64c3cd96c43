/** Texts with a form of their own, and the shapes that several files have in common. */
import { idPattern, notifyKinds } from '../../model/program.ts';
import type { Shape, StringForm } from './shape.ts';

const id: StringForm = {
  pattern: idPattern.source,
  problem: (text) =>
    idPattern.test(text)
      ? null
      : 'must be a safe file name: a letter or digit, then letters, digits, ".", "_", "-", at most 100',
};

const inputKeyPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

/** Input keys name staged files: as ids, but `_` may come first. */
export const inputKey: StringForm = {
  pattern: inputKeyPattern.source,
  problem: (text) =>
    inputKeyPattern.test(text)
      ? null
      : 'must be letters, digits, ".", "_", "-", not starting with "." or "-", at most 100',
};

const itemNamePattern = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,93}$/;

/** An input key without dots, and with room for the "_index" that a second one has behind it. */
export const itemName: StringForm = {
  pattern: itemNamePattern.source,
  problem: (text) =>
    itemNamePattern.test(text)
      ? null
      : 'must be letters, digits, "_", "-", not starting with "-", at most 94',
};

/** Keys and indexes with dots between them. */
export const valuePath: StringForm = {
  pattern: '^[^.]+(\\.[^.]+)*$',
  problem: (text) =>
    text.split('.').includes('')
      ? 'must be a path of keys and indexes with dots between them: file, or place.file'
      : null,
};

const relativePath: StringForm = {
  pattern: '^(?!/)(?!(.*/)?\\.\\.(/|$))[^\\\\]+$',
  problem(text) {
    if (text === '') return 'must not be empty';
    if (text.includes('\0')) return 'contains a NUL character';
    if (text.includes('\\')) return 'uses "\\": paths use "/"';
    if (text.startsWith('/')) return `is "${text}": the path must be relative`;
    const parts = text.split('/');
    if (parts.includes('..')) return `is "${text}": the path must not contain ".."`;
    if (parts.every((part) => part === '' || part === '.')) return `is "${text}": it names no file`;
    return text.endsWith('/') ? `is "${text}": it names a directory, not a file` : null;
  },
};

/** A path whose text names the file uniquely: these are compared and joined as they stand. */
const plainPath: StringForm = {
  pattern: relativePath.pattern ?? '',
  problem(text) {
    const problem = relativePath.problem(text);
    if (problem !== null) return problem;
    const parts = text.split('/');
    return parts.includes('') || parts.includes('.')
      ? `is "${text}": write it without "//" and "./"`
      : null;
  },
};

/** Becomes a part of the names of tools, and of keys of the agents' configuration. */
export const serverName: StringForm = {
  pattern: '^[A-Za-z0-9_-]{1,50}$',
  problem: (text) =>
    /^[A-Za-z0-9_-]{1,50}$/.test(text) ? null : 'must be letters, digits, "_" and "-", at most 50',
};

export const variableName: StringForm = {
  pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
  problem: (text) =>
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(text)
      ? null
      : 'must be letters, digits and "_", not starting with a digit',
};

const noNul: StringForm = {
  problem: (text) => (text.includes('\0') ? 'contains a NUL character' : null),
};

export const text: Shape = { type: 'string' };
export const word: Shape = { type: 'string', nonEmpty: true };
export const programPath: Shape = { type: 'string', form: relativePath };
export const artifactPath: Shape = { type: 'string', form: plainPath };
export const idString: Shape = { type: 'string', form: id };
export const argument: Shape = { type: 'string', form: noNul };
/** A program and its arguments. */
export const commandLine: Shape = { type: 'list', items: argument, min: 1, isCommand: true };
export const argumentWord: Shape = { type: 'string', nonEmpty: true, form: noNul };
export const directory: Shape = { type: 'string', nonEmpty: true, form: noNul };
export const words: Shape = { type: 'list', items: word };
export const ids: Shape = { type: 'list', items: idString };

export const variable: Shape = { type: 'string', nonEmpty: true, form: variableName };

export const webUrl: StringForm = {
  pattern: '^https?://',
  problem: (text) =>
    URL.canParse(text) && /^https?:/i.test(text) ? null : 'must be a URL with http:// or https://',
};

/** Where exactly one may stand, see rules/notify.ts. */
const notifyTarget: Shape = {
  type: 'object',
  bare: 'desktop',
  fields: {
    command: {
      shape: commandLine,
      staysOut: true,
      description: 'Program and arguments; it reads the notification as JSON.',
      examples: [['./tell-me.sh']],
    },
    webhook: {
      shape: { type: 'string', nonEmpty: true, form: webUrl },
      staysOut: true,
      description: 'URL that the notification is posted to as JSON.',
    },
    secret_env: {
      shape: variable,
      staysOut: true,
      description: 'With webhook: environment variable with the secret that signs it.',
    },
    slack: {
      shape: variable,
      staysOut: true,
      description: 'Environment variable with the URL of an incoming webhook of Slack.',
      examples: ['SLACK_URL'],
    },
    desktop: {
      shape: { type: 'enum', values: ['desktop'] },
      staysOut: true,
      description: 'A message on the screen of whoever drives the run.',
    },
  },
};

export const notify: Shape = {
  type: 'list',
  items: {
    type: 'object',
    fields: {
      on: {
        shape: { type: 'list', items: { type: 'enum', values: notifyKinds }, min: 1 },
        required: true,
        description: 'What to tell of.',
      },
      to: { shape: notifyTarget, required: true, description: 'Whom to tell, and how.' },
    },
  },
};

/** By model. */
export const prices: Shape = {
  type: 'map',
  values: {
    type: 'object',
    fields: {
      input: {
        shape: { type: 'amount' },
        required: true,
        description: 'US dollars for a million tokens that it reads.',
      },
      cached_input: {
        shape: { type: 'amount' },
        required: true,
        description: 'The same for those of them that it had in its cache.',
      },
      output: {
        shape: { type: 'amount' },
        required: true,
        description: 'The same for what it writes.',
      },
    },
  },
};

export const locks: Shape = {
  type: 'list',
  items: {
    type: 'object',
    bare: 'name',
    fields: {
      name: { shape: word, required: true, description: 'What it is called.' },
      scope: {
        shape: { type: 'enum', values: ['run', 'user'] },
        default: 'run',
        description: 'run: among the instances of a run. user: among all runs of this user.',
      },
      slots: {
        shape: { type: 'integer', min: 1 },
        default: 1,
        description: 'How many instances may hold it at a time.',
      },
    },
  },
};
