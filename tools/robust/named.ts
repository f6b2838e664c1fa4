// Every fault that was found by trying has a test whose title ends with `(fault N)`; these tests are run, and no others.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from '../../scripts/lib/browsers.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { rustEnvironment } from '../../scripts/lib/rust.mjs';
import { cacheFolder, root } from '../../tests/support/paths.ts';
import type { Check, Figure } from '../lib/report.ts';
import { FAULTS } from './faults.ts';

const TITLE = /\(fault (\d+)\)$/;
const FILTER = '\\(fault \\d+\\)';
/** What a test of Rust is named by. */
const RUST_NAME = /_fault_(\d+)$/;

/** One run of one test. */
interface Ran {
  readonly title: string;
  readonly passed: boolean;
}

export const named: Check = {
  title: 'every fault that was found by trying has a test, and it passes',
  async run({ note }): Promise<Figure[]> {
    const ran = [...(await inVitest()), ...(await inPlaywright()), ...(await inCargo())];
    const numbers = Object.keys(FAULTS).map(Number);
    const verdicts = numbers.map((number) => ({ number, tests: testsOf(ran, number) }));
    for (const { number, tests } of verdicts) {
      const states = tests.map(
        ({ title, passed }) => `\n    ${passed ? 'passes' : 'FAILS'}: ${title}`,
      );
      note(`${number}. ${FAULTS[number]}${states.join('') || '\n    NO TEST'}`);
    }
    const good = verdicts.filter(
      ({ tests }) => tests.length > 0 && tests.every(({ passed }) => passed),
    );
    return [
      {
        label: 'faults whose tests pass',
        value: `${good.length} of ${numbers.length}`,
        target: 'all',
        pass: good.length === numbers.length,
      },
    ];
  },
};

function testsOf(ran: readonly Ran[], number: number): Ran[] {
  return ran.filter(({ title }) => {
    const [, found] = TITLE.exec(title) ?? RUST_NAME.exec(title) ?? [];
    return Number(found) === number;
  });
}

/** Files of tests below `folders` that name a fault. */
function filesWith(folders: string[], name: RegExp, text: RegExp): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => name.test(path) && !/node_modules|\bdist\b|\btarget\b/.test(path))
      .map((path) => join(folder, path))
      .filter((path) => text.test(readFileSync(join(root, path), 'utf8'))),
  );
}

const bin = (name: string) => join(root, 'node_modules/.bin', name);

function reportOf<T>(file: string, otherwise: T): T {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return otherwise;
  }
}

function freshReport(name: string): string {
  const file = join(cacheFolder, `robust/named-${name}.json`);
  rmSync(file, { force: true });
  return file;
}

interface VitestReport {
  testResults: { assertionResults: { title: string; status: string }[] }[];
}

async function inVitest(): Promise<Ran[]> {
  const folders = ['packages', 'apps', 'training', 'scripts', 'tools'];
  const files = filesWith(folders, /\.test\.(ts|mjs)$/, /\(fault /);
  if (files.length === 0) return [];
  const file = freshReport('vitest');
  const report = ['--reporter=json', `--outputFile.json=${file}`];
  await run(bin('vitest'), ['run', ...files, '-t', FILTER, ...report]);
  const { testResults } = reportOf<VitestReport>(file, { testResults: [] });
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ title }) => TITLE.test(title))
    .map(({ title, status }) => ({ title, passed: status === 'passed' }));
}

interface PlaywrightSuite {
  specs?: { title: string; ok: boolean }[];
  suites?: PlaywrightSuite[];
}

async function inPlaywright(): Promise<Ran[]> {
  const files = filesWith(['tests/browser'], /\.spec\.ts$/, /\(fault /);
  if (files.length === 0) return [];
  const file = freshReport('playwright');
  const env = {
    ...process.env,
    CHROMIUM: (await findChromium()) ?? undefined,
    POCKETBIT_SLOW: '1',
    PLAYWRIGHT_JSON_OUTPUT_NAME: file,
  };
  const args = ['test', ...files, '--grep', FILTER, '--retries=1', '--reporter=json'];
  await run(bin('playwright'), args, { env });
  return specsOf(reportOf<PlaywrightSuite>(file, {})).map(({ title, ok }) => ({
    title,
    passed: ok,
  }));
}

function specsOf({ specs = [], suites = [] }: PlaywrightSuite): { title: string; ok: boolean }[] {
  return [...specs, ...suites.flatMap(specsOf)];
}

/** Names in Rust have no brackets: `…_fault_7`. */
async function inCargo(): Promise<Ran[]> {
  if (filesWith(['crates'], /\.rs$/, /_fault_\d+\b/).length === 0) return [];
  const args = ['test', '--workspace', '--locked', '--no-fail-fast', '_fault_'];
  const { output } = await run('cargo', args, { env: await rustEnvironment() });
  return [...output.matchAll(/^test (\S+) \.\.\. (\w+)$/gm)].map(([, title = '', state]) => ({
    title,
    passed: state === 'ok',
  }));
}
