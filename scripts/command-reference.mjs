// Makes docs/commands.md of the program's own help. With --check it only says whether the page is up to
// date. Needs a build.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const main = path.join(process.env.CODEX_ORCH_TEST_DIST ?? 'dist', 'main.js');
const target = 'docs/commands.md';

const head = `# Commands

Made of the program's own help: \`codex-orch help run start\` prints the same.

The program directory comes first, and may be left out where the current directory, or \`CODEX_ORCH_PROGRAM_DIR\`,
is a program. Ids may be shortened to any beginning that fits one thing only; \`latest\` is the newest run. Results
go to standard output, everything else to standard error. Piped lists are tab-separated, one a line; \`--json\` is
described in [json.md](json.md).

| environment variable | |
| --- | --- |
| \`CODEX_ORCH_PROGRAM_DIR\` | the program, where none is given |
| \`CODEX_ORCH_CODEX_BIN\` | the Codex program; without it \`codex.path\` of \`config.toml\`, or \`codex\` on \`PATH\` |
| \`CODEX_ORCH_GLOBAL_ROOT\` | instead of \`~/.codex-orch\` |
| \`NO_COLOR\`, \`FORCE_COLOR\` | without colours; with colours also where there is no terminal |
| \`CODEX_ORCH_DEBUG=1\` | a stack trace after a defect |

What workers find in their environment: [program-reference.md](program-reference.md#agents), and
\`context/interrupt/requesting-help.md\` of each attempt.
`;

const groups = commandsIn(await help());
const sections = await Promise.all(groups.map(section));
const text = [head, ...sections].join('\n');
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error(`${target} is not what the help says`);
  console.error('bring it up to date with: npm run build && node scripts/command-reference.mjs');
  process.exitCode = 1;
}

async function section(group) {
  const own = await help(group);
  const parts = [`## ${group}\n\n${block(own)}`];
  for (const command of commandsIn(own)) {
    // `inspect task` is `task show`; its own help says so.
    parts.push(`### ${group} ${command}\n\n${block(await help(group, command))}`);
  }
  return parts.join('\n');
}

async function help(...words) {
  const env = { PATH: process.env.PATH, NO_COLOR: '1' };
  return (await run(process.execPath, [main, ...words, '--help'], { env })).stdout;
}

function commandsIn(text) {
  const [, list] = /^Commands:\n((?: {2}.*\n)+)/m.exec(text) ?? ['', ''];
  return [...list.matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name);
}

function block(text) {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;
}
