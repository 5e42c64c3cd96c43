/** Sends a notification once. Secrets come from the environment, and go nowhere else. */
import { createHmac } from 'node:crypto';
import type { NotifyTarget } from '../../model/program.ts';
import { runBounded } from '../../processes/run-briefly.ts';
import { quoted, withoutMarkup } from './foreign-words.ts';
import type { Notification } from './message.ts';

const TIMEOUT_MS = 10_000;

/** For people, without secrets: `webhook https://example.org`. */
export function targetName({ command, webhook, slack }: NotifyTarget): string {
  if (command !== undefined) return `command ${command[0] ?? ''}`;
  if (webhook !== undefined) return `webhook ${new URL(webhook).origin}`;
  return slack === undefined ? 'desktop' : `slack (${slack})`;
}

/** Why it was not taken, as a phrase; null where it was. `cwd`: of commands. */
export async function send(
  target: NotifyTarget,
  notification: Notification,
  { env, cwd }: { env: Readonly<NodeJS.ProcessEnv>; cwd: string },
): Promise<string | null> {
  const body = JSON.stringify(notification);
  if (target.command !== undefined) return run(target.command, body, env, cwd);
  if (target.webhook !== undefined) {
    const headers: Record<string, string> = {};
    if (target.secret_env !== undefined) {
      const secret = env[target.secret_env] ?? '';
      if (secret === '') return `${target.secret_env} is not set`;
      const signature = createHmac('sha256', secret).update(body).digest('hex');
      headers['X-Codex-Orch-Signature'] = `sha256=${signature}`;
    }
    return post(target.webhook, body, headers);
  }
  if (target.slack !== undefined) {
    const url = env[target.slack] ?? '';
    if (!URL.canParse(url)) return `${target.slack} holds no URL`;
    const { title, text, command } = notification;
    const lines = [withoutMarkup(title), text && quoted(text), withoutMarkup(command)];
    return post(url, JSON.stringify({ text: lines.filter(Boolean).join('\n') }), {});
  }
  return run(onScreen(notification), '', env, cwd);
}

function onScreen({ title, text, command }: Notification): string[] {
  const about = text === '' ? command : text;
  if (process.platform !== 'darwin')
    return ['notify-send', '--app-name=codex-orch', '--', title, withoutMarkup(about)];
  const script = `display notification ${JSON.stringify(about)} with title ${JSON.stringify(title)}`;
  return ['osascript', '-e', script];
}

async function run(
  argv: readonly string[],
  input: string,
  env: Readonly<NodeJS.ProcessEnv>,
  cwd: string,
): Promise<string | null> {
  const [program = '', ...args] = argv;
  const options = { timeoutMs: TIMEOUT_MS, cwd, env, input, maxBytes: 1 << 20 };
  const { code, stderr } = await runBounded([program, ...args], options);
  if (code === 0) return null;
  const said = stderr.trim().split('\n').at(-1) ?? '';
  return `${program} ${code === null ? 'did not end well' : `ended with ${code}`}${said && `: ${said}`}`;
}

async function post(
  url: string,
  body: string,
  headers: Record<string, string>,
): Promise<string | null> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json', ...headers },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok ? null : `the server answered ${response.status}`;
  } catch (error) {
    const { cause, name } = error as Error;
    if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
    return cause instanceof Error ? cause.message : 'it cannot be reached';
  }
}
