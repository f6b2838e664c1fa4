// What every build since the first left in a browser, opened by this tree's; and what this tree's leaves, by the oldest
// that is supported.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { cacheFolder } from '../../scripts/lib/cache.mjs';
import type { CountingSite } from '../../tests/support/counting-site.ts';
import { root } from '../../tests/support/paths.ts';
import { type Shown, shown, untilReady } from '../house/assistant.ts';
import { BASELINE, baselineTree, hasCommit } from '../house/baseline.ts';
import { distOf, openHouse } from '../house/browser.ts';
import { HALF_URL, MODELS } from '../house/models.ts';
import { COMMANDS, type Origin } from '../house/records.ts';
import { type Found, foundBy, storedOf, visited } from '../house/stored.ts';
import type { Check, Context, Figure } from '../lib/report.ts';

const FOLDER = join(root, 'tests/fixtures/stored');
const CHUNK_BYTES = 4 * 1024 * 1024;

/** What the user had kept, in every form. */
const KEPT = ['Call mom', 'milk', 'The key is in the door'];
/** The model's file as the download that was left in its middle must end. */
const HALF_SHA256 = 'a0f294abe69d079d9498ef3b6ab1d1ae8585d1a7c3c17ac9ca2b789036693bca';

/** Its drafts do not say which address their validator is of, so their bytes are joined with no other answer's. */
const ANEW = '1dd72c3';

interface Form {
  /** The last commit that wrote it. */
  readonly commit: string;
  readonly what: string;
  readonly origin: Origin;
}

const forms = (): Form[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Form);

/** What this tree's build makes of a form. */
interface Opened {
  /** Words of the conversation that the built-in model answered. */
  readonly asked: readonly string[];
  readonly kept: readonly string[];
  /** Requests for models that are stored. */
  readonly requests: number;
  /** Bytes at which the half download went on, its chunks that were damaged, its hash. */
  readonly half: { starts: readonly number[]; damagedChunks: number; sha256: string };
}

export const storedFormats: Check = {
  title: `what every earlier build stored, opened by this tree, and what this tree stores, opened by ${BASELINE}`,
  async run(context) {
    const figures: Figure[] = [];
    for (const form of forms()) figures.push(...(await formFigures(form)));
    return [...figures, ...(await backwards(context))];
  },
};

async function formFigures(form: Form): Promise<Figure[]> {
  const label = `${form.commit}, ${form.what}`;
  try {
    const { asked, kept, requests, half } = await visited(root, form.origin, visit);
    return [
      same(`${label}: requests for stored models`, requests, 0),
      same(`${label}: its conversation`, asked, COMMANDS),
      same(`${label}: what was kept`, kept, KEPT),
      same(`${label}: the half download`, half, {
        starts: form.commit === ANEW ? [CHUNK_BYTES, 0] : [CHUNK_BYTES],
        damagedChunks: 0,
        sha256: HALF_SHA256,
      }),
    ];
  } catch (error) {
    return [same(`${label}: opened`, String(error).split('\n')[0], 'no error')];
  }
}

async function visit(page: Page, site: CountingSite): Promise<Opened> {
  await page.goto(`${site.url}?model=${MODELS.whole.url.slice(1)}`);
  await untilReady(page);
  await page.goto(site.url);
  await untilReady(page);
  const entries = page
    .getByTestId('kept')
    .filter({ visible: true })
    .locator('li.entry p:first-child');
  await entries.first().waitFor();
  const kept = await entries.allTextContents();
  const asked = await conversation(page);
  await openHouse(page, site);
  const dist = distOf(0);
  const requests = site.starts.length;
  const asking = { dist, model: HALF_URL, prompt: 'abcd', options: { raw: true, maxTokens: 8 } };
  const { damagedChunks, sha256 } = await page.evaluate(
    (rest) => window.house.storeRest(rest),
    asking,
  );
  const half = { starts: site.starts.slice(requests), damagedChunks, sha256 };
  return { asked, kept, requests, half };
}

/** The conversation of the commands: it is shown, or it is among the others. */
async function conversation(page: Page): Promise<string[]> {
  const asked = async () =>
    (await shown(page))
      .filter(({ role }: Shown) => role === 'message-user')
      .map(({ text }) => text);
  const first = await asked();
  if (first[0] === COMMANDS[0]) return first;
  await page.getByTestId('model-button').click();
  const chats = page.getByTestId('chats');
  await chats.getByRole('button', { name: /^Open .*milk/ }).click();
  await page.getByText(COMMANDS[0]!).first().waitFor();
  return asked();
}

/** This tree's records before the oldest supported build, which is built here with `--full` only. */
async function backwards({ full, note }: Context): Promise<Figure[]> {
  const built = existsSync(join(cacheFolder, `baseline-${BASELINE}`, '.cache/house-built'));
  if (!built && !full) {
    note(
      `${BASELINE} is not built here: --full builds it, and opens with it what this tree stores`,
    );
    return [];
  }
  if (!built && !(await hasCommit(BASELINE))) {
    note(`this clone has no commit ${BASELINE}`);
    return [];
  }
  const { origin, found } = await storedOf(root);
  const old = await foundBy(await baselineTree(), origin);
  const parts: (keyof Found)[] = [
    'requests',
    'messages',
    'chats',
    'kept',
    'restored',
    'starts',
    'rest',
  ];
  return parts.map((part) =>
    same(`this tree's ${part}, opened by ${BASELINE}`, old[part], found[part]),
  );
}

function same(label: string, found: unknown, expected: unknown): Figure {
  const [text, target] = [found, expected].map((value) => brief(JSON.stringify(value)));
  const pass = JSON.stringify(found) === JSON.stringify(expected);
  return { label, value: text, target: pass ? 'the same' : target, pass } as Figure;
}

const brief = (text = '') => (text.length > 160 ? `${text.slice(0, 160)}…` : text);
