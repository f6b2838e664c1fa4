import { defineConfig, devices } from '@playwright/test';
import { launchOptions } from './tests/support/chromium.ts';

export default defineConfig({
  testDir: 'tests/browser',
  outputDir: 'test-results/browser',
  globalSetup: './tests/support/global-setup.ts',
  fullyParallel: true,
  // What waits for long or holds a time against a bound runs in `npm run show -- robust` alone.
  grepInvert: process.env.POCKETBIT_SLOW ? [] : /@slow/,
  forbidOnly: Boolean(process.env.CI),
  workers: 2,
  reporter: 'list',
  timeout: 60_000,
  expect: { timeout: 20_000 },
  use: { ...devices['Desktop Chrome'], launchOptions, serviceWorkers: 'allow' },
  projects: [{ name: 'chromium' }],
});
