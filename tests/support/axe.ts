import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResults {
  violations: { id: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[];
  passes: unknown[];
}

/** What axe-core finds wrong on the page as it is, one line each; and how many rules it saw hold. */
export async function axeViolations(page: Page): Promise<{ violations: string[]; passes: number }> {
  await page.evaluate(source);
  const results = (await page.evaluate('axe.run()')) as AxeResults;
  const violations = results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id}: ${help} (${target.join(' ')}) ${failureSummary}`,
    ),
  );
  return { violations, passes: results.passes.length };
}
