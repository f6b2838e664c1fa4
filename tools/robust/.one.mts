import { readFileSync } from 'node:fs';

const { openedBy } = await import('./stored-formats.ts');
const form = JSON.parse(readFileSync(`tests/fixtures/stored/${process.argv[2]}.json`, 'utf8'));
console.log(JSON.stringify(await openedBy('/work/wt/core', form.origin)));
process.exit(0);
