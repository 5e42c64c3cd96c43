/** `web`: the page of one program. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import type { WebChoices } from '../serve-web.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('web')
    .summary('serve the web page of a program on this machine')
    .description(
      'Serves one program: the graph, runs as they go, the inbox. Press Ctrl-C to end it; runs go on.\n' +
        'Only this machine can reach it, unless --host says otherwise; then a token is needed.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] [--host HOST] [--port PORT] [--token TOKEN]')
    .option('--host <host>', 'the interface to listen on (default: 127.0.0.1)')
    .option('--port <port>', 'the port, 0 for any (default: web.port of config.toml, or 38473)')
    .option('--token <token>', 'ask for this token; made where one is needed and none is given')
    .option('--json', 'print url, host, port, token and pid as one line of JSON')
    .addHelpText('after', examples(['web', 'web my-program --port 8080', 'web --host 0.0.0.0']))
    .action(async (words: string[], choices: WebChoices) => {
      const { serveWeb } = await import('../serve-web.ts');
      await serveWeb(words, choices, context);
    });
}
