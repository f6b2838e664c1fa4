// Draws the PNG icons from apps/assistant/public/icons/icon.svg: `node scripts/icons.mjs`. Needs Chromium.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { root } from './lib/run.mjs';

const folder = join(root, 'apps/assistant/public/icons');
const svg = await readFile(join(folder, 'icon.svg'), 'utf8');
const square = svg.replace('rx="116" ', '');
const maskable = square.replace(
  /(<path[\s\S]*)<\/svg>/,
  '<g transform="translate(51 51) scale(.8)">$1</g></svg>',
);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  chromiumSandbox: false,
});
const draw = async (name, source, size) => {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(
    `<style>*{margin:0}svg{display:block;width:100vw;height:100vh}</style>${source}`,
  );
  await page.screenshot({ path: join(folder, name), omitBackground: true });
  await page.close();
};
await draw('icon-192.png', svg, 192);
await draw('icon-512.png', svg, 512);
await draw('maskable-512.png', maskable, 512);
await draw('apple-touch-icon.png', square, 180);
await browser.close();
