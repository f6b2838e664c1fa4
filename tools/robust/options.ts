// What `npm run show -- robust` may be told beside the options of every topic.
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  strict: false,
  options: { replay: { type: 'string' }, minutes: { type: 'string' }, faults: { type: 'string' } },
});

const text = (value: unknown) => (typeof value === 'string' ? value : null);

/** One fault that a campaign printed, `journey:realm:kind:ordinal:mode`, or many by `*`; null for a campaign. */
export const replay = text(values.replay);
/** Length of the soak, minutes; null for the check's own. */
export const minutes = values.minutes === undefined ? null : Number(values.minutes);
/** Faults of a campaign; null for the check's own number. */
export const faults = values.faults === undefined ? null : Number(values.faults);
