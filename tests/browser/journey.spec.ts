import { chromium } from '@playwright/test';
import { withArgs } from '../support/chromium.ts';
import { expectedAnswer } from '../support/engine.ts';
import { bundledModel } from '../support/paths.ts';
import { startRecorder } from '../support/recorder.ts';
import { startSite } from '../support/serve.ts';
import { ask, untilOffline, untilReady } from './assistant.ts';
import { expect, test } from './fixtures.ts';

const QUESTION = 'Set a timer for 10 minutes';

// biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures a test needs from the pattern
test('answers, and answers the same with the server dead, after a reload and after a restart', async ({}, info) => {
  const [site, recorder, expected] = await Promise.all([
    startSite(),
    startRecorder(),
    expectedAnswer(bundledModel, QUESTION),
  ]);
  const profile = info.outputPath('profile');
  // Everything that is not for 127.0.0.1 goes to the recorder: pages, workers, the service worker, the browser itself.
  const options = withArgs(
    `--proxy-server=127.0.0.1:${recorder.port}`,
    '--proxy-bypass-list=127.0.0.1',
  );
  const open = () => chromium.launchPersistentContext(profile, options);
  const origins = new Set<string>();
  const watch = async (context: Awaited<ReturnType<typeof open>>) => {
    context.on('request', (request) => origins.add(new URL(request.url()).origin));
    return context.pages()[0] ?? context.newPage();
  };

  let context = await open();
  let page = await watch(context);
  await page.goto(site.url);
  await untilReady(page);
  expect(await ask(page, QUESTION), 'first answer').toEqual(expected);
  await untilOffline(page);

  await site.kill();
  await expect(fetch(site.url), 'the server is dead').rejects.toThrow();
  await page.reload();
  await untilOffline(page);
  expect(await ask(page, QUESTION), 'after a reload').toEqual(expected);

  await context.close();
  context = await open();
  page = await watch(context);
  await page.goto(site.url);
  await untilOffline(page);
  expect(await ask(page, QUESTION), 'after a restart of the browser').toEqual(expected);

  expect([...origins]).toEqual([new URL(site.url).origin]);
  expect(recorder.pageRequests()).toEqual([]);
  await page.goto('http://elsewhere.invalid/').catch(() => {});
  expect(recorder.pageRequests(), 'the recorder does see a foreign request').toContain(
    'elsewhere.invalid',
  );
  await context.close();
  await recorder.close();
});

test('offline, a model that was never loaded is refused as offline, and the built-in one answers', async ({
  page,
  context,
  site,
}) => {
  await page.goto(site.url);
  await untilOffline(page);
  await context.setOffline(true);
  await page.goto(`${site.url}?model=files/random-tiny-1.gguf`);
  const error = page.getByTestId('error');
  await expect(error).toHaveAttribute('data-code', 'offline');
  await error.getByRole('button', { name: 'Use the built-in model' }).click();
  await untilReady(page);
  expect(await ask(page, QUESTION)).toEqual(await expectedAnswer(bundledModel, QUESTION));
});
