import { type Check, runChecks, type Topic } from '../lib/report.ts';

/** A whole topic as one check: its own figures are printed, and counted. */
export function topicCheck(title: string, topic: Topic): Check {
  return {
    title,
    async run({ full }) {
      const failures = await runChecks(topic, full);
      const value = String(failures);
      return [{ label: 'figures that fall short', value, target: '0', pass: failures === 0 }];
    },
  };
}
