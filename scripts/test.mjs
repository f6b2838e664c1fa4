// Set-up, build, every test: `npm test [-- suite…]`. The last line is `N passed, N failed`.
import { join } from 'node:path';
import { duration, main, root, run } from './lib/run.mjs';

const chosen = process.argv.slice(2);

async function prepare(name) {
  console.log(`== ${name}`);
  const { code } = await run(process.execPath, [join(root, `scripts/${name}.mjs`)], { show: true });
  return { name, passed: 0, failed: code === 0 ? 0 : 1 };
}

/** A suite that crashed, or ran no test, has failed whatever it counted. */
function judge({ passed, failed }, code) {
  const silent = passed + failed === 0 || (code !== 0 && failed === 0);
  return { passed, failed: silent ? 1 : failed };
}

async function runSuite(name, plan) {
  console.log(`== ${name}`);
  const start = performance.now();
  const { command, args, env, count, skip } = await plan();
  if (skip) return skipped(name, skip);
  const { code, output } = await run(command, args, { env, show: true });
  const result = { name, ...judge(count(output), code) };
  console.log(
    `-- ${name}: ${result.passed} passed, ${result.failed} failed in ${duration(performance.now() - start)}`,
  );
  return result;
}

function skipped(name, reason) {
  console.log(`-- ${name}: skipped, ${reason}`);
  return { name, passed: 0, failed: 0 };
}

async function runSuites() {
  const { suites } = await import('./lib/suites.mjs');
  const results = [];
  for (const [name, plan] of Object.entries(suites)) {
    if (chosen.length && !chosen.includes(name)) continue;
    results.push(await runSuite(name, plan).catch((error) => broken(name, error)));
  }
  return results;
}

function broken(name, error) {
  console.log(`-- ${name}: ${error.message}`);
  return { name, passed: 0, failed: 1 };
}

await main(async () => {
  const start = performance.now();
  const results = [await prepare('setup')];
  // Without its tools nothing further says anything; a failed build still leaves most suites able to run.
  if (results[0].failed === 0) results.push(await prepare('build'), ...(await runSuites()));
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const bad = results.filter(({ failed }) => failed).map(({ name }) => name);
  console.log(
    `== ${duration(performance.now() - start)}${bad.length ? `, failing: ${bad.join(', ')}` : ''}`,
  );
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  if (bad.length) process.exitCode = 1;
});
