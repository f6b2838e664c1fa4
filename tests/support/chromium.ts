import { existsSync } from 'node:fs';
import type { LaunchOptions } from '@playwright/test';

/** Debian's package, unless the variable CHROMIUM names another; Playwright's own download where neither is there. */
const executable =
  process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);

export const launchOptions: LaunchOptions = {
  ...(executable && { executablePath: executable }),
  chromiumSandbox: false,
  args: [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

/** The launch options with further command line switches. */
export function withArgs(...args: string[]): LaunchOptions {
  return { ...launchOptions, args: [...(launchOptions.args ?? []), ...args] };
}
