// llama.cpp through node-llama-cpp's prebuilt library, in a process of its own.
// usage: node run.mjs FOLDER REQUEST; FOLDER is where node-llama-cpp is installed, REQUEST and the answer on the last line
// of the output are JSON, see native.ts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, request] = process.argv.slice(2);
const { file, prompts, decodeTokens, context } = JSON.parse(request);
const entry = join(folder, 'node_modules/node-llama-cpp/dist/index.js');
const { getLlama } = await import(pathToFileURL(entry).href);

const lines = [];
const llama = await getLlama({
  build: 'never',
  skipDownload: true,
  gpu: false,
  maxThreads: 1,
  logLevel: 'info',
  logger: (_, message) => lines.push(message),
});
const start = performance.now();
const model = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
const own = await model.createContext({
  contextSize: context,
  batchSize: context,
  sequences: 1,
  threads: 1,
  performanceTracking: true,
});
const loadMs = performance.now() - start;
const sequence = own.getSequence();

/** llama.cpp's times since the last call: milliseconds and tokens of prompts and of single tokens. */
async function timings() {
  lines.length = 0;
  await own.printTimings();
  const found = (name) => {
    const pattern = new RegExp(`(?:^|\\s)${name} time =\\s*([\\d.]+) ms /\\s*(\\d+)`, 'm');
    const [, ms, count] = pattern.exec(lines.join('\n')) ?? [];
    if (ms === undefined) throw new Error(`no "${name} time" in: ${lines.join('\n')}`);
    return { ms: Number(ms), count: Number(count) };
  };
  return { prompt: found('prompt eval'), decode: found('(?<!prompt )eval') };
}

/** Runs `work`; resolves to the share of a core that this process had meanwhile. */
async function shareOf(work) {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const wallMs = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1000 / wallMs;
}

async function ask(ids) {
  await sequence.clearHistory();
  await timings();
  const promptShare = await shareOf(() =>
    sequence.evaluateWithoutGeneratingNewTokens(ids.slice(0, -1)),
  );
  const decodeShare = await shareOf(async () => {
    let made = 0;
    for await (const _ of sequence.evaluate(ids.slice(-1), { temperature: 0 })) {
      if (++made === decodeTokens) break;
    }
  });
  const { prompt, decode } = await timings();
  return { prompt: { ...prompt, share: promptShare }, decode: { ...decode, share: decodeShare } };
}

const samples = [];
for (const ids of prompts) samples.push(await ask(ids));
const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
console.log(
  JSON.stringify({ loadMs, samples, peakBytes: Number(peak) * 1024, system: llama.systemInfo }),
);
process.exit(0);
