/** `web`: serves the page of one program until a signal ends it. */
import path from 'node:path';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import { defineCommand, flag, PROGRAM, text } from './command.ts';
import type { CliContext } from './context.ts';
import { readGivenFile } from './given-file.ts';
import { plainLine } from '../text/plain-text.ts';

declare const CODEX_ORCH_VERSION: string;

export const command = defineCommand({
  description:
    'Serves one program: the graph, runs as they go, the inbox. Press Ctrl-C to end it; runs go on.\n' +
    'Open the address that it prints: it ends with a token, which is new at each start.\n' +
    'Only this machine can reach it, unless --host says otherwise.',
  words: [PROGRAM],
  usage: '[--host HOST] [--port PORT] [--token-from FILE]',
  usageInErrors: '[--host HOST] [--port PORT] [--token-from FILE]',
  options: {
    host: text('--host <host>', 'the interface to listen on (default: 127.0.0.1)'),
    port: text('--port <port>', 'the port, 0 for any (default: web.port of config.toml, or 38473)'),
    tokenFrom: text('--token-from <file>', 'take the token from FILE (-: standard input)'),
    token: text('--token <token>', 'the token itself; who lists processes (ps) can read it'),
    json: flag('--json', 'print url, host, port, token and pid as one line of JSON'),
  },
  examples: ['', 'my-program --port 8080', '--host 0.0.0.0'],
  async run({ words: [programDir], options }, context) {
    const { startWebServer } = await import('../web/server/web-server.ts');
    const { configuredWebPort, placeOf } = await import('../app/program/place.ts');
    const { selfCommand } = await import('../app/run/background.ts');
    const place = placeOf(programDir, context);
    const report = (error: unknown): void => reportDefect(error, context);
    const token = await givenToken(options, context);
    const port = options.port === null ? await configuredWebPort(place) : portOf(options.port);
    const server = await startWebServer({
      world: context,
      place,
      ...(options.host === null ? {} : { host: options.host }),
      ...(port === null ? {} : { port }),
      token,
      pageDir: path.join(path.dirname(selfCommand(context).entry), 'web'),
      version: CODEX_ORCH_VERSION,
      onDefect: report,
    });
    sayWhere(server, options.json, context);
    const giveBack = context.onDefect(report);
    await endSignal(context);
    await server.close();
    giveBack();
  },
});

function sayWhere(
  { url, host, port, token }: { url: string; host: string; port: number; token: string },
  json: boolean,
  context: CliContext,
): void {
  if (json) {
    context.stdout.line(JSON.stringify({ url, host, port, token, pid: context.pid }));
    return;
  }
  context.stdout.line(url);
  context.stderr.line('anyone with this address can start and stop agents: keep it to yourself');
  context.stderr.line('press Ctrl-C to end the server; runs go on');
}

async function givenToken(
  { token, tokenFrom }: { token: string | null; tokenFrom: string | null },
  context: CliContext,
): Promise<string | null> {
  if (token !== null && tokenFrom !== null) {
    throw new Refusal('bad-option', '--token and --token-from exclude each other');
  }
  if (tokenFrom !== null) return (await readGivenFile(tokenFrom, context)).trim();
  if (token !== null) {
    context.stderr.line(
      'warning: who lists the processes of this machine (ps) can read what --token says; --token-from FILE keeps it out',
    );
  }
  return token;
}

async function endSignal(context: CliContext): Promise<void> {
  await new Promise<void>((resolve) => {
    const endSignals = context.onSignal((signal) => {
      endSignals();
      if (signal !== 'SIGTERM') context.exit(ExitStatus.interrupted);
      resolve();
    });
  });
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65535) return port;
  throw new Refusal('bad-port', `--port ${text}: a port is a number from 0 to 65535`);
}

function reportDefect(error: unknown, context: CliContext): void {
  const message = error instanceof Error ? error.message : String(error);
  context.stderr.line(`error: a defect in codex-orch: ${plainLine(message)} (the server goes on)`);
  if (context.env['CODEX_ORCH_DEBUG'] !== '1' || !(error instanceof Error)) return;
  for (const line of (error.stack ?? '').split('\n')) context.stderr.line(plainLine(line));
}
