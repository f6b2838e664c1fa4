import { join } from 'node:path';
import { findChromium } from '../../scripts/lib/browsers.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { root } from '../../tests/support/paths.ts';
import type { Check } from '../lib/report.ts';

export const badInput: Check = {
  title: 'bad files and browsers that lack something: a coded error in the page, nothing stuck',
  async run({ note }) {
    const chromium = await findChromium();
    const env = { ...process.env, ...(chromium && { CHROMIUM: chromium }) };
    const command = join(root, 'node_modules/.bin/playwright');
    const { output, code } = await run(
      command,
      ['test', '--reporter=list', 'bad-input', 'environment'],
      { env },
    );
    const lines = output.split('\n').filter((line) => /^\s+[✓✘]/.test(line));
    for (const line of lines) note(line.trim().replace(/\[chromium\] › tests\/browser\//, ''));
    const passed = lines.filter((line) => line.includes('✓')).length;
    return [
      {
        label: 'cases',
        value: `${passed} of ${lines.length} hold`,
        target: 'all',
        pass: code === 0 && passed > 0 && passed === lines.length,
      },
    ];
  },
};
