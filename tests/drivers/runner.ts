import { checksFor } from './checks.ts';
import type { Kind } from './kinds.ts';

/**
 * Runs the checks whose names hold every argument of the command, or says why none can run here; the last line is
 * `N passed, N failed`.
 */
export async function runChecks(kind: Kind): Promise<void> {
  const missing = kind.missing();
  if (missing) return console.log(`skipped: ${missing}\n0 passed, 0 failed`);
  const browser = await kind.start();
  let passed = 0;
  const wanted = process.argv.slice(2);
  const all = Object.entries(checksFor(browser)).filter(([name]) =>
    wanted.every((part) => name.includes(part)),
  );
  try {
    for (const [name, check] of all) if (await holds(name, check)) passed++;
  } finally {
    await browser.stop();
  }
  console.log(`${passed} passed, ${all.length - passed} failed`);
  if (passed < all.length) process.exitCode = 1;
}

async function holds(name: string, check: () => Promise<void>): Promise<boolean> {
  const start = performance.now();
  try {
    await check();
    console.log(`ok ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    console.log(`FAILED ${name}\n${error instanceof Error ? error.stack : error}`);
    return false;
  }
}
