// Prepares a machine: `node scripts/setup.mjs [--for start|test]`. Safe to repeat; a second run only looks.
// No npm package is imported here or in ./setup, since this runs before `npm ci`.
import { parseArgs } from 'node:util';
import { duration, main, step } from './lib/run.mjs';
import { provideChromium, provideFirefox, provideWebKit } from './setup/browsers.mjs';
import { checkNode, installPackages } from './setup/node.mjs';
import { provideLinters, provideRust, provideTools } from './setup/rust.mjs';

const { values } = parseArgs({ options: { for: { type: 'string', default: 'test' } } });
const start = performance.now();
await main(async () => {
  await step('Node', checkNode);
  await step('npm packages', installPackages);
  await step('Rust', provideRust);
  await step('wasm tools', provideTools);
  if (values.for === 'test') {
    await step('Rust linters', provideLinters);
    await step('Chromium', provideChromium);
    await step('Firefox', provideFirefox);
    await step('WebKitGTK', provideWebKit);
  }
  console.log(`set-up complete in ${duration(performance.now() - start)}`);
});
