/** A real browser for tests: Debian's Chromium, installed where it is missing and may be. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import type { ServedProgram } from './served-program.ts';

/** How long something may take to be seen: with room for a slow machine, since what fails is told by it alone. */
export const patience = { timeout: 60_000 };
/** Of one test in a browser, which waits many times. */
export const browserTest = { timeout: 300_000 };

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where Chromium is; null, with the reason said on standard error, where there is none to be had. */
export function findChromium(): string | null {
  const named = process.env['CHROMIUM'];
  const found = [...(named === undefined ? [] : [named]), ...places].find((each) =>
    existsSync(each),
  );
  if (found !== undefined) return found;
  const why = installChromium();
  if (why === null && existsSync('/usr/bin/chromium')) return '/usr/bin/chromium';
  process.stderr.write(
    `The page is NOT tested in a browser: Chromium is missing, and ${why ?? 'its package brought none'}.\n` +
      'Install it (apt-get install chromium), or name one with CHROMIUM=/path/to/chromium.\n',
  );
  return null;
}

function installChromium(): string | null {
  if (process.getuid?.() !== 0) return 'only root may install it';
  if (!existsSync('/usr/bin/apt-get')) return 'there is no apt-get here';
  const apt = (...words: string[]): boolean =>
    spawnSync('apt-get', words, {
      stdio: 'ignore',
      timeout: 110_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  if (!apt('install', '-y', '-qq', '--no-install-recommends', 'chromium')) {
    if (!apt('update', '-qq')) return 'apt-get update failed';
    if (!apt('install', '-y', '-qq', '--no-install-recommends', 'chromium')) {
      return 'apt-get install chromium failed';
    }
  }
  return null;
}

export interface Browsing {
  context: BrowserContext;
  /** What no page may do: errors, and what the content security policy stopped. */
  complaints: string[];
  open(): Promise<Page>;
  /** Opens the printed address: from then on this browser is let in. */
  signIn(served: ServedProgram): Promise<void>;
  close(): Promise<void>;
}

/** `directory`: for its profile, removed by the caller. */
export async function browse(executablePath: string, directory: string): Promise<Browsing> {
  const context = await chromium.launchPersistentContext(path.join(directory, 'profile'), {
    executablePath,
    headless: true,
    viewport: { width: 1280, height: 800 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const complaints: string[] = [];
  context.setDefaultTimeout(patience.timeout);
  await context.exposeBinding('complain', (_, text: string) => void complaints.push(text));
  await context.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    complain('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile));`);
  const opened: Omit<Browsing, 'signIn'> = {
    context,
    complaints,
    async open() {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
      page.on('console', (message) => {
        const text = message.text();
        // A server that is away, or asks for its token, is no defect of the page.
        const away =
          /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_SOCKET_NOT_CONNECTED|ERR_EMPTY_RESPONSE|status of 401/;
        if (message.type() === 'error' && !away.test(text)) complaints.push(`console: ${text}`);
      });
      return page;
    },
    close: () => context.close(),
  };
  return {
    ...opened,
    async signIn(served) {
      const page = await opened.open();
      await page.goto(served.address());
      // Of the page itself: the one that asks for the token has a heading, too.
      await page.locator('.side').waitFor();
      await page.close();
    },
  };
}

/** At the end of the tests of a page; what is missing never began. */
export async function leave(
  browsing: Browsing | undefined,
  served: ServedProgram | undefined,
  ...directories: string[]
): Promise<void> {
  await browsing?.close();
  await served?.kill();
  for (const gone of directories) {
    rmSync(gone, { recursive: true, force: true, maxRetries: 5 });
  }
}
