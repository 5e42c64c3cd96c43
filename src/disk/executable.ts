/**
 * Whether a file can be executed here, and why not: what the kernel says of it is "No such file or directory"
 * for a script whose interpreter is gone, and "Exec format error" for another machine's program. Reads only.
 */
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { firstBytes, withForeign } from './foreign-file.ts';

/** Absolute path of what `name` starts: with a slash it is a path, else it is looked up in `searchPath`. */
export function findExecutable(name: string, searchPath: string): string | null {
  if (name.includes('/')) {
    const absolute = path.resolve(name);
    return isExecutable(absolute) ? absolute : null;
  }
  for (const directory of searchPath.split(':')) {
    if (!path.isAbsolute(directory)) continue;
    const candidate = path.join(directory, name);
    if (isExecutable(candidate)) return candidate;
  }
  return null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Why the file cannot be started, as a predicate; null where nothing is seen that would stop it.
 * `searchPath`: where `#!/usr/bin/env NAME` looks.
 */
export function executableProblem(file: string, searchPath: string): string | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) return 'does not exist';
  if (stats.isDirectory()) return 'is a directory';
  if (!stats.isFile()) return 'is no regular file';
  if (!isExecutable(file)) {
    return (stats.mode & 0o111) === 0
      ? `is not executable (chmod +x ${file})`
      : 'may not be executed here: it is not yours to execute, or lies on a file system that is mounted noexec';
  }
  const bytes = start(file);
  if (bytes === null) return null;
  if (bytes.length === 0) return 'is empty';
  if (bytes.toString('latin1', 0, 2) === '#!') return interpreterProblem(bytes, searchPath);
  return formatProblem(bytes);
}

/** What is looked at of a file; the kernel reads no longer first line than 256 bytes. */
const LOOKED_AT_BYTES = 4096;

/** Null for what one may execute and not read. */
function start(file: string): Buffer | null {
  const read = withForeign(file, { followsLinks: true }, (opened) =>
    firstBytes(opened, LOOKED_AT_BYTES),
  );
  return Buffer.isBuffer(read) ? read : null;
}

function interpreterProblem(start: Buffer, searchPath: string): string | null {
  const line = start.toString('utf8').slice(2).split('\n')[0] ?? '';
  if (line.endsWith('\r')) {
    return 'has Windows line ends, so that the interpreter in its first line is not found';
  }
  const [interpreter = '', ...rest] = line.trim().split(/[ \t]+/);
  if (interpreter === '') return 'names no interpreter in its first line';
  if (!path.isAbsolute(interpreter)) return null;
  if (!existsSync(interpreter)) {
    return `names the interpreter ${interpreter} in its first line, which does not exist`;
  }
  const program = rest.find((word) => !word.startsWith('-') && !word.includes('='));
  if (path.basename(interpreter) !== 'env' || program === undefined) return null;
  if (findExecutable(program, searchPath) !== null) return null;
  return `is run by "${program}", as its first line says, which is not on PATH`;
}

/** Of ELF's e_machine, those that Node runs on, and what each runs besides. */
const machines: Readonly<Record<string, readonly number[]>> = {
  x64: [62, 3],
  arm64: [183, 40],
  ia32: [3],
  arm: [40],
  ppc64: [21],
  s390x: [22],
  riscv64: [243],
  loong64: [258],
};
const machineNames: Readonly<Record<number, string>> = {
  3: 'x86',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x86-64',
  183: 'arm64',
  243: 'riscv64',
};

function formatProblem(start: Buffer): string | null {
  if (process.platform !== 'linux' || runsForeignFormats()) return null;
  const magic = start.subarray(0, 4).toString('hex');
  if (magic.startsWith('4d5a')) return 'is a program for Windows';
  if (['cffaedfe', 'cefaedfe', 'feedface', 'feedfacf', 'cafebabe'].includes(magic)) {
    return 'is a program for macOS';
  }
  if (magic !== '7f454c46') {
    // What a shell then takes for a script of its own has no such bytes.
    return start.subarray(0, 80).includes(0)
      ? 'is neither a program of this system nor a script'
      : null;
  }
  if (start.length < 64) return 'is a program of which a part is missing';
  // Byte 5 says the order of bytes; what Linux runs Node on is little-endian, but s390x.
  if ((start[5] === 2) !== (process.arch === 's390x')) return 'is a program for another processor';
  const machine = start[5] === 2 ? start.readUInt16BE(18) : start.readUInt16LE(18);
  const own = machines[process.arch];
  if (own !== undefined && !own.includes(machine)) {
    return `is a program for another processor (${machineNames[machine] ?? machine}, not ${process.arch})`;
  }
  const loader = start[4] === 2 && start[5] === 1 ? loaderOf(start) : null;
  if (loader === null || existsSync(loader)) return null;
  return `needs the loader ${loader}, which does not exist: it is built for another system`;
}

/** What a 64-bit little-endian ELF file says is to load it (PT_INTERP), where that is near its start. */
function loaderOf(start: Buffer): string | null {
  const table = Number(start.readBigUInt64LE(32));
  const size = start.readUInt16LE(54);
  for (let index = 0; index < start.readUInt16LE(56); index += 1) {
    const entry = table + index * size;
    if (entry + 40 > start.length) return null;
    if (start.readUInt32LE(entry) !== 3) continue;
    const from = Number(start.readBigUInt64LE(entry + 8));
    const length = Number(start.readBigUInt64LE(entry + 32));
    if (from + length > start.length) return null;
    return start.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  }
  return null;
}

/** The kernel may have been told of emulators. */
function runsForeignFormats(): boolean {
  try {
    const names = readdirSync('/proc/sys/fs/binfmt_misc');
    return names.some((name) => name !== 'register' && name !== 'status');
  } catch {
    return false;
  }
}
