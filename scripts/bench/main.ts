import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../../tests/support/paths.ts';
import { measureAll, tableOf } from './speed.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const load = loadavg()[0]!;
const speeds = await measureAll(Number(values.rounds));
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, load ${load.toFixed(1)} at the start`;
console.log(
  `${tableOf(speeds)}\n\nChromium, one thread; median of ${values.rounds} rounds, artifacts interleaved. ${machine}`,
);
mkdirSync(cacheFolder, { recursive: true });
const file = join(cacheFolder, 'bench.json');
writeFileSync(file, JSON.stringify({ date: new Date().toISOString(), machine, speeds }, null, 2));
