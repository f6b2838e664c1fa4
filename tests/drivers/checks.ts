import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KV_FORMATS, type KvFormat } from '@pocketbit/core';
import type { Artifact } from '../../tools/lib/engine.ts';
import { buildCases } from '../conformance/build.mjs';
import { differences, probed } from '../support/assumptions.ts';
import { expectedAnswer, nodeDefaultHash, nodeLogitsHash } from '../support/engine.ts';
import globalSetup from '../support/global-setup.ts';
import { hashRuns } from '../support/hash-runs.ts';
import { kernelRuns } from '../support/kernel-runs.ts';
import { bundledModel, modelCache } from '../support/paths.ts';
import { type Site, startSite } from '../support/serve.ts';
import type { TestBrowser } from './browser.ts';
import { inBrowser, inLab } from './lab.ts';
import { tabChecks } from './tabs.ts';

const QUESTION = 'Set a timer for 10 minutes';

type Checks = Record<string, () => Promise<void>>;

/** Every check of a running browser, by its name. */
export function checksFor(browser: TestBrowser): Checks {
  const checks: Checks = {
    'set-up: lab and models': async () => globalSetup(),
    'journey: load, answer, server dead, reload, restart: the same tokens': () => journey(browser),
    'it runs the best engine it can and keeps the model in IndexedDB': () => bestEngine(browser),
    'Stop cancels within one token, and the model answers again': () => stops(browser),
    'a saved answer goes on to the same tokens, here and in another worker': () => goesOn(browser),
    'a hostile file is refused with its code': () => refuses(browser),
  };
  checks['a stream is stored, given out as it was, damaged, put right and deleted'] = () =>
    stores(browser);
  checks['the platform does what is assumed of it'] = async () =>
    assert.deepEqual(differences(await probed(browser)), []);
  Object.assign(checks, tabChecks(browser));
  for (const artifact of browser.artifacts) {
    checks[`every kernel case holds: ${artifact}`] = () => casesHold(browser, artifact);
  }
  for (const artifact of browser.artifacts) {
    checks[`every kernel gives the same logits: ${artifact}`] = () =>
      sameByKernels(browser, artifact);
  }
  for (const kv of KV_FORMATS) {
    checks[`logits bytes are identical to Node's: ${kv} KV`] = () => sameLogits(browser, kv);
  }
  return checks;
}

async function journey(browser: TestBrowser): Promise<void> {
  const site = await startSite();
  try {
    await answersOffline(browser, site);
  } finally {
    await site.kill();
  }
}

async function answersOffline(browser: TestBrowser, site: Site): Promise<void> {
  const expected = await expectedAnswer(bundledModel, QUESTION);
  await inBrowser(browser, async (page) => {
    await page.open(site.url);
    await page.untilReady();
    assert.deepEqual(await page.ask(QUESTION), expected, 'first answer');
    await page.untilOffline();
    await site.kill();
    await assert.rejects(fetch(site.url), 'the server is dead');
    await page.reload();
    await page.untilOffline();
    assert.deepEqual(await page.ask(QUESTION), expected, 'after a reload');
  });
  await inBrowser(browser, async (page) => {
    await page.open(site.url);
    await page.untilOffline();
    assert.deepEqual(await page.ask(QUESTION), expected, 'after a restart of the browser');
    assert.deepEqual(browser.foreignRequests(), [], 'no request to another host');
    await page.open('http://elsewhere.invalid/').catch(() => {});
    const hosts = browser.foreignRequests().map((host) => host.replace(/:\d+$/, ''));
    assert.deepEqual([...new Set(hosts)], ['elsewhere.invalid'], 'the recorder sees one');
  });
}

function stores(browser: TestBrowser): Promise<void> {
  return inLab(browser, async (run) => {
    const found = await run(
      (lab, url) => lab.store.storeJourney(url),
      '../files/random-tiny-1.gguf',
    );
    const expected = { name: 'streamed.gguf', same: true, damaged: 1, repaired: 1, left: 0 };
    assert.deepEqual(found, expected);
  });
}

function bestEngine(browser: TestBrowser): Promise<void> {
  return inLab(browser, async (run) => {
    const info = await run(
      async (lab) => (await lab.pocketbit.load('../files/random-tiny-1.gguf')).info,
      null,
    );
    assert.equal(info.artifact, browser.artifacts.at(-1));
    assert.equal(info.storage, 'indexeddb');
  });
}

function stops(browser: TestBrowser): Promise<void> {
  return inLab(browser, async (run) => {
    const stats = await run(async (lab) => {
      const model = await lab.pocketbit.load('../models/pocketbit-actions.gguf');
      const stop = new AbortController();
      const stream = model.generate('Tell me a story about a fox', { signal: stop.signal });
      for await (const _ of stream) stop.abort();
      const again = await model.generate('hello there').result;
      return { stopped: stream.stats!, again: again.stats.stopReason };
    }, null);
    const { stopReason, generatedTokens } = stats.stopped;
    assert.equal(stopReason, 'aborted');
    assert.ok(generatedTokens <= 2, `${generatedTokens} tokens after the abort`);
    assert.equal(stats.again, 'eos');
  });
}

function goesOn(browser: TestBrowser): Promise<void> {
  return inLab(browser, async (run) => {
    const { expected, restored, code, recovered } = await run(async (lab) => {
      const options = { maxTokens: 60, temperature: 1, seed: 9, repeatPenalty: 1.1 };
      const model = await lab.pocketbit.load('../models/pocketbit-actions.gguf');
      const whole = await model.generate('Tell me a story about a fox', options).result;
      const stream = model.generate('Tell me a story about a fox', options);
      let saved = null;
      for await (const _ of stream) {
        saved = await model.save({ contextBytes: 64e6 });
        break;
      }
      await stream.result;
      const other = await lab.pocketbit.load('../models/pocketbit-actions.gguf');
      const restored = await other.restore(saved!).result;
      await other.close();
      const lost = other.generate('hello').result;
      const code = (await lab.failure(() => lost))?.code;
      const recovered = await model.restore({ ...saved!, context: null }).result;
      return { expected: whole.ids, restored: restored.ids, code, recovered: recovered.ids };
    }, null);
    assert.ok(expected.length > 20);
    assert.deepEqual(restored, expected, 'with its keys and values, in another worker');
    assert.deepEqual(recovered, expected, 'without, in the same');
    assert.equal(code, 'worker-crashed');
  });
}

const HOSTILE = {
  truncated: 'bad-model',
  'web-page': 'bad-model',
  'missing-tensor': 'bad-model',
  'unknown-type': 'bad-model',
};

function refuses(browser: TestBrowser): Promise<void> {
  return inLab(browser, async (run) => {
    const codes = await run(async (lab, names) => {
      const found: Record<string, string | undefined> = {};
      for (const name of names) {
        const url = `../files/hostile/${name}.gguf`;
        found[name] = (await lab.failure(() => lab.pocketbit.load(url)))?.code;
      }
      return found;
    }, Object.keys(HOSTILE));
    assert.deepEqual(codes, HOSTILE);
  });
}

function casesHold(browser: TestBrowser, artifact: Artifact): Promise<void> {
  return inLab(browser, async (run) => {
    mkdirSync(join(modelCache, 'cases'), { recursive: true });
    copyFileSync(await buildCases(artifact), join(modelCache, 'cases', `${artifact}.wasm`));
    const result = await run((lab, url) => lab.cases(url), `../files/cases/${artifact}.wasm`);
    assert.deepEqual(result.failed, []);
    assert.ok(result.passed > 100);
  });
}

function sameLogits(browser: TestBrowser, kv: KvFormat): Promise<void> {
  return inLab(browser, async (run) => {
    for (const { name, file, url, ids, options } of hashRuns(kv)) {
      const sha256 = await nodeLogitsHash('scalar', file, ids, options);
      for (const artifact of browser.artifacts) {
        const found = await run(
          (lab, { artifact: a, url: u, ids: i, options: o }) => lab.logitsHash(a, u, i, o),
          { artifact, url: `..${url}`, ids, options },
        );
        assert.deepEqual(found, { variant: artifact, probe: 0, sha256 }, name);
      }
    }
  });
}

function sameByKernels(browser: TestBrowser, artifact: Artifact): Promise<void> {
  return inLab(browser, async (run) => {
    for (const { name, file, url, ids, options } of kernelRuns()) {
      const expected = await nodeDefaultHash(file, ids, options);
      const found = await run(
        (lab, { artifact: a, url: u, ids: i, options: o }) => lab.hashesByKernels(a, u, i, o),
        { artifact, url: `..${url}`, ids, options },
      );
      assert.deepEqual(new Set(Object.values(found)), new Set([expected]), name);
    }
  });
}
