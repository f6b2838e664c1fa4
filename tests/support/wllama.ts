import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { build } from 'vite';
import { launchOptions } from './chromium.ts';
import { cacheFolder, root } from './paths.ts';
import { startSite } from './serve.ts';

/** The built page that holds @wllama/wllama as `window.peer`; served under /peer/. */
export const peerBuild = join(cacheFolder, 'wllama');

/** Builds that page; a second or two. */
export async function buildPeer(): Promise<void> {
  await build({
    configFile: false,
    root: join(root, 'tools/lab/peer'),
    base: './',
    logLevel: 'error',
    build: {
      outDir: peerBuild,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 2000,
    },
  });
}

/** Runs `use` on a Chromium page with `window.peer`; `mounts` are further folders to serve. */
export async function withWllama<T>(
  mounts: Record<string, string>,
  use: (page: Page) => Promise<T>,
): Promise<T> {
  await buildPeer();
  const site = await startSite({ mounts: { ...mounts, '/peer/': peerBuild } });
  const browser = await chromium.launch(launchOptions);
  try {
    const page = await browser.newPage();
    await page.goto(`${site.url}peer/`);
    await page.waitForFunction(() => 'peer' in window);
    return await use(page);
  } finally {
    await browser.close();
    await site.kill();
  }
}
