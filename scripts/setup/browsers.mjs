import { findChromium, findFirefox, hasWebKit, webKitPackages } from '../lib/browsers.mjs';
import { run } from '../lib/run.mjs';
import { aptCommand, aptInstall, isDebian } from './apt.mjs';

/** A Chromium for the tests. Debian's package comes before Playwright's download, which needs another host. */
export async function provideChromium() {
  const present = await findChromium();
  if (present) return present;
  if (aptCommand()) await aptInstall(['chromium']);
  else await run('npx', ['playwright', 'install', 'chromium'], { show: true, timeoutMs: 600_000 });
  const installed = await findChromium();
  if (!installed)
    throw new Error('no Chromium found: install one and name it in the variable CHROMIUM');
  return `${installed} installed`;
}

/** WebKitGTK stands in for Safari's family. Only Debian and Ubuntu package it so; elsewhere its journey is skipped. */
export async function provideWebKit() {
  if (!aptCommand()) return hasWebKit() ? 'present' : 'not here; its journey will be skipped';
  try {
    await aptInstall(webKitPackages);
    return 'present';
  } catch (error) {
    return `not available, its journey will be skipped: ${error.message.split('\n')[0]}`;
  }
}

/** Debian's Firefox ESR where no Firefox is installed. */
export async function provideFirefox() {
  const present = findFirefox();
  if (present) return present;
  if (!isDebian() || !aptCommand()) return 'not here; its journey will be skipped';
  try {
    await aptInstall(['firefox-esr']);
    return `${findFirefox()} installed`;
  } catch (error) {
    return `not available, its journey will be skipped: ${error.message.split('\n')[0]}`;
  }
}
