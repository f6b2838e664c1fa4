// One case of the fuzzer again: `npx tsx packages/core/test/fuzz/replay.ts <seed> [file to write the header to]`.
import { writeFileSync } from 'node:fs';
import { fileOf, runCampaign, subjects } from './campaign.ts';
import { clock, collect, memory, stopwatch } from './gauges.ts';
import { useFile } from './use.ts';

const [seedText, path] = process.argv.slice(2);
const seed = Number(seedText);
if (!Number.isInteger(seed) || seed < 1) throw new Error('which seed?');
const file = fileOf(subjects(), seed);
if (path) writeFileSync(path, file.header);
console.log(`seed ${seed}: a header of ${file.header.length} bytes, a file of ${file.size}`);
const outcome = await useFile(file);
if (outcome.kind === 'threw') throw outcome.error;
console.log(outcome);
const report = await runCampaign(seed, 1, { clock, stopwatch, memory, collect });
const { slowest, largest } = report;
console.log(`${slowest.value.toFixed(1)} ms, ${(largest.value / 1e6).toFixed(1)} MB`);
