// @vitest-environment jsdom
import { expect, test } from 'vitest';
import { answerOf, SHAPES } from '../../../../tests/support/answer-shapes.ts';
import { ProseView } from './prose.ts';

/** Waits until nothing more is written. */
async function still(view: ProseView): Promise<string> {
  for (let before = ''; ; before = view.innerHTML) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    if (view.innerHTML === before && before !== '') return before;
  }
}

function shown(): ProseView {
  return document.body.appendChild(new ProseView());
}

test('an answer that grows ends as one that was there at once (fault 10)', async () => {
  const text =
    'One *two*\n\n- a\n\n- b\n\n```\ncode\n\nmore\n```\n\n|h|\n|-|\n|c|\n\n> q\n\nlast [x](https://a.test)';
  const [grown, whole] = [shown(), shown()];
  for (let end = 1; end <= text.length; end++) {
    grown.text = text.slice(0, end);
    if (end % 40 === 0) await still(grown);
  }
  whole.text = text;
  expect(await still(grown)).toBe(await still(whole));
  expect(whole.querySelectorAll('pre')).toHaveLength(1);
  expect(whole.querySelectorAll('ul')).toHaveLength(1);
});

test('another answer in its place leaves nothing of the first', async () => {
  const view = shown();
  view.text = 'first\n\nsecond';
  await still(view);
  view.text = 'third';
  await still(view);
  expect(view.textContent?.trim()).toBe('third');
});

test('links open beside the page and tell it nothing (fault 25)', async () => {
  const view = shown();
  view.text = 'a https://a.test/ and [b](mailto:b@a.test) <https://c.test>';
  await still(view);
  const links = [...view.querySelectorAll('a')];
  expect(links).toHaveLength(3);
  for (const { target, rel } of links)
    expect([target, rel]).toEqual(['_blank', 'noopener noreferrer']);
});

test('what is too long for markdown is all there, as text (fault 10)', async () => {
  const text = answerOf(SHAPES['one long word']!, 150_000);
  const view = shown();
  view.text = text;
  await still(view);
  expect(view.textContent?.replaceAll('\n', '')).toBe(text);
  expect(view.querySelectorAll('pre').length).toBeGreaterThan(5);
});
