// What two tabs do to one model, in any browser.
import assert from 'node:assert/strict';
import { type CountingSite, startCountingSite } from '../support/counting-site.ts';
import type { TestBrowser } from './browser.ts';
import { inLab, type Run } from './lab.ts';

/** 65 MB at this many bytes a second, so that a download has a middle. */
const MODEL = '../files/random-125m-1.gguf';
const RATE = 16e6;
const TINY = '../files/random-tiny-1.gguf';
const CHUNK_BYTES = 4 * 1024 * 1024;

/** The checks of tabs, by name. */
export function tabChecks(browser: TestBrowser): Record<string, () => Promise<void>> {
  return {
    'tabs: two that load at once download once': () => downloadsOnce(browser),
    'tabs: one goes on with the download of one that is closed, less than a chunk behind': () =>
      goesOn(browser),
    'tabs: a silent holder of the lock loses it': () => outlasts(browser),
    'tabs: one engine for two, taken over by asking and by stealing': () => movesEngine(browser),
  };
}

async function counted(
  browser: TestBrowser,
  body: (run: Run, site: CountingSite) => Promise<void>,
): Promise<void> {
  const site = await startCountingSite(RATE);
  await inLab(browser, (run) => body(run, site), site);
}

function downloadsOnce(browser: TestBrowser): Promise<void> {
  return counted(browser, async (run, { sent }) => {
    const { files, followers } = await run(
      (lab, model) => lab.tabs.loadTogether(lab, model),
      MODEL,
    );
    assert.deepEqual(files[0], files[1]);
    assert.equal(followers, 1);
    assert.deepEqual(sent, { requests: 1, bytes: files[0]!.fileBytes });
  });
}

function goesOn(browser: TestBrowser): Promise<void> {
  return counted(browser, async (run, { starts }) => {
    const { reported, fileBytes } = await run((lab, loss) => lab.tabs.loseDownloader(lab, loss), {
      model: MODEL,
      leaveAt: 2.5 * CHUNK_BYTES,
    });
    assert.equal(starts.length, 2, `requests from ${starts}`);
    const [from, again] = starts as [number, number];
    assert.equal(from, 0);
    assert.equal(again % CHUNK_BYTES, 0);
    assert.ok(
      again > reported - CHUNK_BYTES && again < fileBytes,
      `${again}, reported ${reported}`,
    );
  });
}

function outlasts(browser: TestBrowser): Promise<void> {
  return inLab(browser, async (run) => {
    assert.equal(await run((lab, model) => lab.tabs.outlast(model), TINY), 'AbortError');
  });
}

function movesEngine(browser: TestBrowser): Promise<void> {
  return inLab(browser, async (run) => {
    const found = await run((lab, model) => lab.tabs.moveEngine(lab, model), TINY);
    assert.deepEqual(found.events, ['elsewhere', 'asked', 'elsewhere']);
    assert.equal(found.tokens, 2);
    assert.equal(found.stolen, 'AbortError');
    assert.equal(found.lost, 'worker-crashed');
  });
}
