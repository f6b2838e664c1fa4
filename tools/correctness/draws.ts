import {
  COMMANDS,
  drawExamples,
  FIRST_TEST_SEED,
  parseAction,
} from '../../training/generator/index.ts';
import { withLab } from '../lib/lab.ts';
import { bounded, type Check } from '../lib/report.ts';

const COUNT = 100;

export const draws: Check = {
  title: `the bundled model on ${COUNT} fresh draws of commands, in Chromium through the public API, greedy`,
  async run({ note }) {
    const seed = FIRST_TEST_SEED + Date.now();
    const examples = drawExamples(seed, COUNT, { kinds: COMMANDS });
    const answers = await withLab(({ page }) =>
      page.evaluate(
        async (prompts) => {
          const model = await window.lab.pocketbit.load('../models/pocketbit-actions.gguf');
          const texts: string[] = [];
          for (const prompt of prompts) texts.push((await model.generate(prompt).result).text);
          return texts;
        },
        examples.map(({ prompt }) => prompt),
      ),
    );
    const wrong = examples
      .map((example, i) => ({ ...example, answer: answers[i]! }))
      .filter(({ completion, answer }) => answer !== completion);
    note(
      `seed ${seed} (from the clock); ${wrong.filter(({ answer }) => !parseAction(answer)).length} answers are no action`,
    );
    for (const { prompt, completion, answer } of wrong.slice(0, 5))
      note(`${prompt}\n  wanted ${completion}\n  got    ${answer}`);
    return [
      bounded(
        'exact answers',
        COUNT - wrong.length,
        { min: 80 },
        (value) => `${value} of ${COUNT}`,
      ),
    ];
  },
};
