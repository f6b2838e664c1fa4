// Shows that promises hold, with figures: `npm run show -- correctness [--full] [--only name,name]`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { main } from '../scripts/lib/run.mjs';
import { buildAll } from '../scripts/lib/typescript.mjs';
import { showTopic } from './lib/topic.ts';
import { TOPICS } from './topics.ts';

/** Shows itself: its checks are of the house and need no engine. */
const HOUSE = join(import.meta.dirname, 'house/main.ts');

const topics = [...Object.keys(TOPICS), ...(existsSync(HOUSE) ? ['house'] : [])];

await main(async () => {
  const [topic = ''] = process.argv.splice(2, 1);
  if (!topics.includes(topic)) {
    throw new Error(`usage: npm run show -- ${topics.join('|')} [--full] [--only name,name]`);
  }
  await buildAll();
  await (topic === 'house' ? import(HOUSE) : showTopic(TOPICS[topic]!));
});
