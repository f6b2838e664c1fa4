import { parseArgs } from 'node:util';
import { runChecks, seconds, type Topic } from './report.ts';

/** Runs the checks of a topic, those of `--only` or all, and ends the process with 1 where a figure falls short. */
export async function showTopic(checks: Topic): Promise<never> {
  const { values } = parseArgs({
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string' },
      // A check's own: tools/robust/options.ts.
      ...Object.fromEntries(
        ['replay', 'minutes', 'faults'].map((name) => [name, { type: 'string' as const }]),
      ),
    },
  });
  const names = values.only?.split(',') ?? Object.keys(checks);
  const unknown = names.filter((name) => !Object.hasOwn(checks, name));
  if (unknown.length > 0) {
    console.error(`no check ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`);
    process.exit(2);
  }
  const start = performance.now();
  const wanted = Object.fromEntries(names.map((name) => [name, checks[name]!]));
  const failures = await runChecks(wanted, values.full);
  const verdict =
    failures === 0 ? 'every figure meets its target' : `${failures} figures fall short`;
  console.log(`\n${verdict} (${names.length} checks in ${seconds(performance.now() - start)})`);
  process.exit(failures === 0 ? 0 : 1);
}
