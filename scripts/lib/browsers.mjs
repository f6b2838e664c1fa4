import { existsSync } from 'node:fs';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Chromium's executable: the variable CHROMIUM, the usual places, then the one Playwright downloaded; else null. */
export async function findChromium() {
  const given = process.env.CHROMIUM;
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROMIUM names ${given}, which is not there`);
    return given;
  }
  return places.find((path) => existsSync(path)) ?? (await playwrightBrowser('chromium'));
}

/**
 * The executable of a browser that Playwright downloaded; null where it did not.
 * @param {'chromium' | 'firefox' | 'webkit'} name
 */
export async function playwrightBrowser(name) {
  const playwright = await import('@playwright/test');
  const path = playwright[name].executablePath();
  return existsSync(path) ? path : null;
}

/** Debian's packages for the journey in WebKitGTK: driver, virtual screen, and the host with a lasting profile. */
export const webKitPackages = [
  'webkit2gtk-driver',
  'libwebkit2gtk-4.1-0',
  'xvfb',
  'fonts-dejavu-core',
  'dbus',
  'bubblewrap',
  'xdg-dbus-proxy',
  'gstreamer1.0-plugins-base',
  'python3-gi',
  'gir1.2-webkit2-4.1',
  'gir1.2-gtk-3.0',
];

/** Whether the WebKitGTK journey can run here. */
export function hasWebKit() {
  return existsSync('/usr/bin/WebKitWebDriver') && existsSync('/usr/bin/Xvfb');
}

const firefoxPlaces = [
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
];

/** Firefox's executable: the variable FIREFOX, then the usual places; else null. */
export function findFirefox() {
  const given = process.env.FIREFOX;
  if (given && !existsSync(given)) throw new Error(`FIREFOX names ${given}, which is not there`);
  return given ?? firefoxPlaces.find((path) => existsSync(path)) ?? null;
}
