import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cacheFolder, root } from '../../tests/support/paths.ts';
import { BenchBrowser } from './chromium.ts';
import { withBenchSite } from './compare.ts';
import { PARTS, type Part, parseOptions, UsageError } from './options.ts';
import { resultsPage } from './page.ts';
import { type Bench, RUN_PART } from './parts.ts';
import { type BenchReport, emptyReport } from './report.ts';
import { summary } from './summary.ts';

const args = process.argv.slice(2);
try {
  const options = parseOptions(args);
  const report = emptyReport(args);
  const failed = await withBenchSite(async (site) => {
    report.versions.Chromium = await chromiumVersion(site);
    return runParts({ site, options, report, note: (text) => console.log(`  ${text}`) });
  });
  console.log(`\n${summary(report)}`);
  if (failed > 0) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function chromiumVersion(site: Bench['site']): Promise<string> {
  const browser = await BenchBrowser.launch(site);
  const { version } = browser;
  await browser.close();
  return version;
}

/** Runs every part; one that fails leaves its reason in the report and lets the others run. Returns how many failed. */
async function runParts(bench: Bench): Promise<number> {
  let failed = 0;
  for (const part of bench.options.parts) {
    const start = performance.now();
    console.log(`${part}: ${PARTS[part]}`);
    try {
      await RUN_PART[part](bench);
    } catch (error) {
      failed++;
      const reason = error instanceof Error ? error.message : String(error);
      bench.report.notes.push(`${part} failed: ${reason}`);
      bench.note(`FAILED ${process.env.POCKETBIT_DEBUG ? (error as Error).stack : reason}`);
    }
    bench.note(`${((performance.now() - start) / 1000).toFixed(0)} s`);
    write(bench.report, part);
  }
  return failed;
}

/** After every part, so that a broken run loses none of what it measured. */
function write(report: BenchReport, part: Part): void {
  const folder = join(cacheFolder, 'bench');
  mkdirSync(folder, { recursive: true });
  const name = join(folder, report.date.replaceAll(':', '-').slice(0, 19));
  writeFileSync(`${name}.json`, JSON.stringify(report, null, 2));
  writeFileSync(`${name}.html`, resultsPage(report));
  console.log(`  ${part} is in ${relative(root, name)}.json and .html`);
}
