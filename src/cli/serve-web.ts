/** `web`: runs the server until a signal ends it. */
import path from 'node:path';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import { selfCommand } from '../app/run/background.ts';
import { globalRootFrom, loadGlobalConfig } from '../program/global-config.ts';
import { DEFAULT_HOST, DEFAULT_PORT, startWebServer } from '../web/server/web-server.ts';
import type { CliContext } from './context.ts';
import { splitProgram } from './program-argument.ts';
import { plainLine } from './render/plain-text.ts';

declare const CODEX_ORCH_VERSION: string;

export interface WebChoices {
  host?: string;
  port?: string;
  token?: string;
  json?: boolean;
}

export async function serveWeb(
  words: string[],
  choices: WebChoices,
  context: CliContext,
): Promise<void> {
  const usage = 'web [PROGRAM] [--host HOST] [--port PORT] [--token TOKEN]';
  const { programDir } = splitProgram(words, { min: 0, max: 0, usage }, context);
  const globalRoot = globalRootFrom(context.env, context.cwd);
  const { config } = await loadGlobalConfig(globalRoot);
  const report = (error: unknown): void => reportDefect(error, context);
  const host = choices.host ?? DEFAULT_HOST;
  const server = await startWebServer({
    world: context,
    place: { programDir, globalRoot },
    host,
    port: choices.port === undefined ? (config.web.port ?? DEFAULT_PORT) : portOf(choices.port),
    token: choices.token ?? null,
    pageDir: path.join(path.dirname(selfCommand(context).entry), 'web'),
    version: CODEX_ORCH_VERSION,
    onDefect: report,
  });
  const { url, port, token } = server;
  if (choices.json === true) {
    context.stdout.line(JSON.stringify({ url, host, port, token, pid: process.pid }));
  } else {
    context.stdout.line(url);
    if (token !== null) {
      context.stderr.line(
        'anyone with this address can start and stop agents: keep it to yourself',
      );
    }
    context.stderr.line('press Ctrl-C to end the server; runs go on');
  }
  const giveBack = context.onDefect(report);
  await new Promise<void>((resolve) => {
    const endSignals = context.onSignal((signal) => {
      endSignals();
      if (signal !== 'SIGTERM') context.exit(ExitStatus.interrupted);
      resolve();
    });
  });
  await server.close();
  giveBack();
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
