import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aptCommand, isDebian } from '../setup/apt.mjs';
import { findChromium, findFirefox, hasWebKit } from './browsers.mjs';
import { root } from './run.mjs';
import { rustEnvironment } from './rust.mjs';

const bin = (name) => join(root, 'node_modules/.bin', name);
const reports = join(root, 'test-results/counts');

/** A fresh place for a JSON report, so that an old one cannot be counted again. */
function reportFile(name) {
  mkdirSync(reports, { recursive: true });
  const file = join(reports, `${name}.json`);
  rmSync(file, { force: true });
  return file;
}

function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** Sums cargo's "test result: ok. 12 passed; 0 failed; …" lines, one for each test binary. */
export function countCargo(output) {
  const results = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
  const sum = (group) => results.reduce((total, match) => total + Number(match[group]), 0);
  return { passed: sum(1), failed: sum(2) };
}

/** Reads the last "N passed, N failed" line. */
export function countLine(output) {
  const [, passed = 0, failed = 0] =
    [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1) ?? [];
  return { passed: Number(passed), failed: Number(failed) };
}

function countVitest(file) {
  const { numPassedTests = 0, numFailedTests = 0, testResults = [] } = readReport(file);
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.length,
  );
  return { passed: numPassedTests, failed: numFailedTests + broken.length };
}

function countPlaywright(file) {
  const { stats = {}, errors = [] } = readReport(file);
  return {
    passed: stats.expected ?? 0,
    failed: (stats.unexpected ?? 0) + (stats.flaky ?? 0) + errors.length,
  };
}

const nodeScript = (path) => ({
  command: process.execPath,
  args: [join(root, path)],
  count: countLine,
});

async function cargoTests() {
  const args = ['test', '--workspace', '--locked', '--no-fail-fast'];
  return { command: 'cargo', args, env: await rustEnvironment(), count: countCargo };
}

function unitTests() {
  const file = reportFile('vitest');
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  return { command: bin('vitest'), args, count: () => countVitest(file) };
}

async function browserTests() {
  const file = reportFile('playwright');
  const env = { ...process.env, CHROMIUM: await findChromium(), PLAYWRIGHT_JSON_OUTPUT_NAME: file };
  return {
    command: bin('playwright'),
    args: ['test', '--reporter=list,json'],
    env,
    count: () => countPlaywright(file),
  };
}

/** WebKitGTK exists on Debian and Ubuntu; there its journey must run, elsewhere it cannot. */
function webKitJourney() {
  if (!hasWebKit() && !aptCommand()) return { skip: 'WebKitGTK is not on this system' };
  return nodeScript('tests/webkit/run.mjs');
}

/** Set-up installs Debian's Firefox ESR, so there its journey must run; elsewhere it runs where Firefox is installed. */
function firefoxJourney() {
  if (!findFirefox() && !(isDebian() && aptCommand()))
    return { skip: 'Firefox is not on this system' };
  return nodeScript('tests/firefox/run.mjs');
}

/** Every test suite, in the order they run: the cheap ones that explain the later failures come first. */
export const suites = {
  checks: () => nodeScript('scripts/check.mjs'),
  native: cargoTests,
  conformance: () => nodeScript('tests/conformance/run.mjs'),
  unit: unitTests,
  browser: browserTests,
  firefox: firefoxJourney,
  webkit: webKitJourney,
};
