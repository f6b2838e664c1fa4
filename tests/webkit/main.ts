import { missingParts, WebKit } from './browser.ts';
import { checks } from './checks.ts';

const reason = missingParts();
if (reason) {
  console.log(`skipped: ${reason}`);
  console.log('0 passed, 0 failed');
} else {
  await runAll();
}

async function runAll(): Promise<void> {
  const webkit = await WebKit.start();
  let passed = 0;
  const wanted = process.argv.slice(2);
  const all = Object.entries(checks).filter(([name]) =>
    wanted.every((part) => name.includes(part)),
  );
  try {
    for (const [name, check] of all) if (await holds(name, () => check(webkit))) passed++;
  } finally {
    await webkit.stop();
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
