import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildCases } from '../conformance/build.mjs';
import type { Artifact } from '../lab/measure.ts';
import { expectedAnswer, nodeLogitsHash } from '../support/engine.ts';
import globalSetup from '../support/global-setup.ts';
import { hashRuns } from '../support/hash-runs.ts';
import { bundledModel, modelCache } from '../support/paths.ts';
import { type Site, startSite } from '../support/serve.ts';
import type { WebKit } from './browser.ts';
import { inBrowser, inLab } from './lab.ts';

const QUESTION = 'Set a timer for 10 minutes';
/** What this engine runs; it has no relaxed SIMD. */
const ARTIFACTS: Artifact[] = ['scalar', 'simd128'];

/** Every check by its name; each gets a running WebKit. */
export const checks: Record<string, (webkit: WebKit) => Promise<void>> = {
  'set-up: lab and models': async () => globalSetup(),

  'journey: load, answer, server dead, reload, restart: the same tokens': async (webkit) => {
    const site = await startSite();
    try {
      await journey(webkit, site);
    } finally {
      await site.kill();
    }
  },

  'it runs the simd128 engine and keeps the model in IndexedDB': (webkit) =>
    inLab(webkit, async (run) => {
      const info = await run(
        async (lab) => (await lab.pocketbit.load('../files/random-tiny-1.gguf')).info,
        null,
      );
      assert.equal(info.artifact, 'simd128');
      assert.equal(info.storage, 'indexeddb');
    }),

  'Stop cancels within one token, and the model answers again': (webkit) =>
    inLab(webkit, async (run) => {
      const stats = await run(async (lab) => {
        const model = await lab.pocketbit.load('../models/pocketbit-actions.gguf');
        const stop = new AbortController();
        const stream = model.generate('Tell me a story about a fox', { signal: stop.signal });
        for await (const _ of stream) stop.abort();
        const again = await model.generate('hello there').result;
        return { stopped: stream.stats!, again: again.stats.stopReason };
      }, null);
      assert.equal(stats.stopped.stopReason, 'aborted');
      assert.ok(
        stats.stopped.generatedTokens <= 2,
        `${stats.stopped.generatedTokens} tokens after the abort`,
      );
      assert.equal(stats.again, 'eos');
    }),

  'a hostile file is refused with its code': (webkit) =>
    inLab(webkit, async (run) => {
      const codes = await run(
        async (lab, names) => {
          const found: Record<string, string | undefined> = {};
          for (const name of names) {
            found[name] = (
              await lab.failure(() => lab.pocketbit.load(`../files/hostile/${name}.gguf`))
            )?.code;
          }
          return found;
        },
        ['truncated', 'web-page', 'missing-tensor', 'unknown-type'],
      );
      assert.deepEqual(codes, {
        truncated: 'bad-model',
        'web-page': 'bad-model',
        'missing-tensor': 'bad-model',
        'unknown-type': 'unsupported',
      });
    }),

  ...Object.fromEntries(
    ARTIFACTS.map((artifact) => [`every kernel case holds: ${artifact}`, caseCheck(artifact)]),
  ),
  ...Object.fromEntries(
    (['f32', 'int8'] as const).map((kv) => [
      `logits bytes are identical to Node's: ${kv} KV`,
      hashCheck(kv),
    ]),
  ),
};

async function journey(webkit: WebKit, site: Site): Promise<void> {
  const expected = await expectedAnswer(bundledModel, QUESTION);
  await inBrowser(webkit, async (page) => {
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
  await inBrowser(webkit, async (page) => {
    await page.open(site.url);
    await page.untilOffline();
    assert.deepEqual(await page.ask(QUESTION), expected, 'after a restart of the browser');
    assert.deepEqual(webkit.foreignRequests(), [], 'no request to another host');
    await page.open('http://elsewhere.invalid/').catch(() => {});
    assert.deepEqual(webkit.foreignRequests(), ['elsewhere.invalid'], 'the recorder sees one');
  });
}

function caseCheck(artifact: Artifact) {
  return (webkit: WebKit) =>
    inLab(webkit, async (run) => {
      mkdirSync(join(modelCache, 'cases'), { recursive: true });
      copyFileSync(await buildCases(artifact), join(modelCache, 'cases', `${artifact}.wasm`));
      const result = await run((lab, url) => lab.cases(url), `../files/cases/${artifact}.wasm`);
      assert.deepEqual(result.failed, []);
      assert.ok(result.passed > 100);
    });
}

function hashCheck(kv: 'f32' | 'int8') {
  return (webkit: WebKit) =>
    inLab(webkit, async (run) => {
      for (const { name, file, url, ids, options } of hashRuns(kv)) {
        const expected = await nodeLogitsHash('scalar', file, ids, options);
        for (const artifact of ARTIFACTS) {
          const found = await run(
            (lab, { artifact: a, url: u, ids: i, options: o }) => lab.logitsHash(a, u, i, o),
            { artifact, url: `..${url}`, ids, options },
          );
          assert.deepEqual(found, { variant: artifact, probe: 0, sha256: expected }, name);
        }
      }
    });
}
