/** Starts a scriptable stand-in for the API of a model: no account, no network. A prompt scripts its own answers. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** One answer of the model; see the server's file for all fields. */
export type ModelStep = Record<string, unknown>;

interface ModelRequest {
  n: number;
  url: string;
  thread?: string;
  step?: string;
  what?: string;
}

export interface ModelServer {
  port: number;
  /** Answers for prompts that carry no script, in order; then `fallback`. */
  script(steps: ModelStep[], fallback?: ModelStep): Promise<void>;
  requests(): Promise<ModelRequest[]>;
  stop(): Promise<void>;
}

/** The stand-ins for the APIs of models that lie beside this file. */
const files = { openai: 'model-server.mjs', anthropic: 'anthropic-model-server.mjs' } as const;

/** `logDir`: where each request is kept as req-NNN.json. */
export async function startModelServer(
  logDir?: string,
  api: keyof typeof files = 'openai',
): Promise<ModelServer> {
  const server = spawn(process.execPath, [path.join(import.meta.dirname, files[api])], {
    env: { PORT: '0', ...(logDir === undefined ? {} : { LOG_DIR: logDir }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', (line) =>
      resolve((JSON.parse(line) as { port: number }).port),
    );
    server.once('exit', (code) => reject(new Error(`the model server ended with ${code}`)));
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    port,
    async script(steps, fallback) {
      const body = JSON.stringify({ steps, ...(fallback ? { default: fallback } : {}) });
      await fetch(`${url}/__script`, { method: 'POST', body });
    },
    async requests() {
      // Not by a connection that the server may just be closing, for nobody has used it for long.
      const answer = await fetch(`${url}/__log`, { headers: { connection: 'close' } });
      return (await answer.json()) as ModelRequest[];
    },
    async stop() {
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await gone;
    },
  };
}

/** A prompt's line that scripts the model's answers to it. */
export function modelScript(steps: ModelStep[]): string {
  return `FAKE:${JSON.stringify(steps)}`;
}
