// Shows that promises hold, with figures: `npm run show -- correctness [--full] [--only name,name]`.
import { main } from '../scripts/lib/run.mjs';
import { buildAll } from '../scripts/lib/typescript.mjs';
import { showTopic } from './lib/topic.ts';
import { TOPICS } from './topics.ts';

await main(async () => {
  const [name = ''] = process.argv.splice(2, 1);
  const topic = Object.hasOwn(TOPICS, name) ? TOPICS[name] : undefined;
  if (!topic) {
    const names = Object.keys(TOPICS).join('|');
    throw new Error(`usage: npm run show -- ${names} [--full] [--only name,name]`);
  }
  await buildAll();
  await showTopic(topic);
});
