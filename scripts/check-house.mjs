// What the floors alone do not say about the sources, as a check: who may touch the process, the time and other
// programs, that no backend is known by name outside its folder, that comments name tests that exist, and that a
// name means one thing.
//
//   node scripts/check-house.mjs
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'src'], {
  encoding: 'utf8',
});
const files = [...new Set(listed.split('\n'))]
  .filter((file) => /\.tsx?$/.test(file) && existsSync(file))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));
const own = files.filter(({ file }) => !file.startsWith('src/web/page/'));
const problems = [];

/** `allowed`: file → why. */
function only({ what, pattern, allowed, among = own }) {
  for (const file of Object.keys(allowed)) {
    if (!among.some((each) => each.file === file)) problems.push(`${file} is not there: ${what}`);
  }
  for (const { file, text } of among) {
    const [...found] = withoutComments(text).matchAll(pattern);
    if (allowed[file] !== undefined) {
      if (found.length === 0) problems.push(`${file} does not need to be named: ${what}`);
      continue;
    }
    if (found.length === 0) continue;
    const { index, 0: first } = found[0];
    const line = text.slice(0, index).split('\n').length;
    problems.push(`${file}:${line}: ${what}: ${first.trim()}`);
  }
}

/** Lines stay where they are. */
function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, (comment) =>
    comment.replace(/[^\n]/g, ' '),
  );
}

only({
  what: 'the environment of the process',
  pattern: /process\.env\b/g,
  allowed: {
    'src/main.ts': 'makes the World of it',
    'src/acp-bridge.ts': 'hands it on to the agent',
    'src/disk/fault-point.ts': 'reads where to die, in builds for the crash driver alone',
  },
});

only({
  what: 'the current directory of the process',
  pattern: /process\.cwd\(/g,
  allowed: { 'src/main.ts': 'makes the World of it' },
});

only({
  what: 'the time',
  pattern: /new Date\(\)|\bDate\.now\(|\bperformance\.now\(/g,
  allowed: {
    'src/engine/clock.ts': 'is the clock',
    'src/store/lock/numbered-lock.ts': 'compares the age of a claim with the machine',
    'src/execution/local/stopwatch.ts': 'compares processes and their files with the machine',
  },
});

only({
  what: 'other programs',
  pattern: /^import (?!type\b).* from 'node:child_process'|import\('node:child_process'\)/gm,
  allowed: {
    'src/processes/identity.ts': 'asks ps who a process is, where there is no /proc',
    'src/processes/run-briefly.ts': 'runs a short command to its end',
    'src/execution/local/launch.ts': 'starts attempts',
    'src/execution/local/launcher.ts': 'starts the shell that starts attempts',
    'src/agents/acp/bridge/agent-process.ts': 'runs an agent beside its client',
    'src/execution/local/redacted.ts': 'runs an agent whose output may hold secrets',
    'src/app/run/background.ts': 'starts an engine of its own for a run',
  },
});

// Whatever somebody else may have made is read by src/disk/foreign-file.ts alone: it follows no link, waits for no
// pipe, and reads what it opened. What is named here opens files of our own, or of the system.
const opening =
  'open|openSync|openAsBlob|readFile|readFileSync|createReadStream|copyFile|copyFileSync|cp|cpSync';
only({
  what: 'opens a file by itself',
  pattern: new RegExp(
    `^import [^;]*\\b(?:${opening}|promises)\\b[^;]* from 'node:fs(?:/promises)?'`,
    'gm',
  ),
  allowed: {
    'src/disk/foreign-file.ts': 'is the reader',
    'src/disk/disk.ts': 'opens what it makes, to write it',
    'src/disk/permissions.ts': 'opens what it takes permissions from, and reads none of it',
    'src/store/log/reader.ts': 'opens the log of a run, which is ours alone',
    'src/store/lock/numbered-lock.ts': 'writes over its own lock on a full disk',
    'src/main.ts': 'reads what is delivered with the program',
    'src/start.ts': 'reads the program',
    'src/acp-bridge.ts': 'reads its order and its standard input',
    'src/processes/identity.ts': 'reads /proc',
    'src/processes/waits-for-pipe.ts': 'reads /proc',
    'src/execution/local/launch.ts':
      'hands the agent what it is given and what it prints into, in control/',
    'src/execution/local/process-group.ts': 'reads /proc',
    'src/execution/local/process-times.ts': 'reads /proc',
    'src/app/run/background.ts': "opens the log of an engine's own output",
    'src/app/run/served-file.ts': 'streams what the reader has opened',
    'src/execution/temporal/depot/routes.ts': 'streams what the reader has opened',
    'src/execution/temporal/depot/http-room.ts': 'streams what the reader has opened',
    'src/app/machine/skills.ts': 'reads what is delivered with the program',
    'src/web/server/static-page.ts': 'reads what is delivered with the program',
    'src/cli/interrupt/create.ts': 'reads what its caller names, also from a pipe',
  },
});

// So that the check above sees each of them by its name.
only({
  what: 'takes files in a way that this check does not see',
  pattern:
    /^import (?!\{|type \{)[^;{]* from '(?:node:)?fs(?:\/promises)?'|from 'fs(?:\/promises)?'|(?:import|require)\(\s*['"`](?:node:)?fs\b|\bgetBuiltinModule\b|\bcreateRequire\b|\bloadEnvFile\b|\bprocess\.binding\b/gm,
  allowed: { 'src/start.ts': 'loads the program' },
});

// The names of the backends are those of the folders in src/agents that define one.
const backends = files.flatMap(
  ({ file }) => /^src\/agents\/([\w-]+)\/backend\.ts$/.exec(file)?.slice(1) ?? [],
);
for (const name of backends) {
  const inside = `src/agents/${name}/`;
  only({
    what: `the backend ${name} by name`,
    pattern: new RegExp(
      `[Bb]ackend\\w*\\)?\\s*[!=]==?\\s*'${name}'|'${name}'\\s*[!=]==?\\s*\\S*[Bb]ackend`,
      'g',
    ),
    allowed: {},
    among: files.filter(({ file }) => !file.startsWith(inside)),
  });
}

for (const { file, text } of files) {
  for (const [named] of text.matchAll(/\btest\/[\w/.-]+\.(?:ts|tsx|mjs)\b/g)) {
    if (!existsSync(named)) problems.push(`${file} names ${named}, which is not there`);
  }
}

const exported = new Map();
for (const { file, text } of own) {
  for (const [, name] of text.matchAll(/^export (?:async )?(?:function\*?|class) (\w+)/gm)) {
    exported.set(name, [...(exported.get(name) ?? []), file]);
  }
}
for (const [name, places] of exported) {
  if (places.length > 1) {
    problems.push(`${name} is exported by ${places.join(' and ')}: a name means one thing`);
  }
}

// What a package is, its hash says: also for those that are installed on other machines alone.
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
for (const [name, entry] of Object.entries(packages)) {
  if (name !== '' && entry.link !== true && entry.integrity === undefined) {
    problems.push(`package-lock.json: ${name} has no integrity`);
  }
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
