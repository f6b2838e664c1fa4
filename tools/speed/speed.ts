import { ARTIFACTS, type Artifact } from '@pocketbit/engine';
import { median } from '@pocketbit/ui';
import { cachedModel, SHAPE_125M } from '../../tests/models/random.ts';
import { bundledModel } from '../../tests/support/paths.ts';
import type { SpeedRequest, SpeedSample } from '../lab/speed.ts';
import { withLab } from '../lib/lab.ts';
import { promptsOf } from './prompts.ts';

const ANSWER = '<|im_end|>\n<|im_start|>assistant\n';
const STORY = `<|im_start|>user\nTell me a story about a fox${ANSWER}`;

/** Tokens per second of one artifact on one model: the median over rounds. */
export interface Speed {
  readonly model: string;
  readonly artifact: Artifact;
  readonly prefill: number;
  readonly decode: number;
}

interface Plan {
  readonly name: string;
  readonly promptTokens: number;
  readonly request: SpeedRequest;
}

/** What is measured: a 128-token prompt and a story of the bundled model, 64 + 24 tokens of the 125M shape. */
async function plansOf(rounds: number): Promise<Plan[]> {
  const big = cachedModel(SHAPE_125M, 1);
  const common = { artifacts: ARTIFACTS, warmUps: 2, rounds };
  const [small, large] = await Promise.all([
    promptsOf(bundledModel, 128, 8, ANSWER),
    promptsOf(big, 64, 8),
  ]);
  return [
    {
      name: 'bundled',
      promptTokens: 128,
      request: {
        ...common,
        model: '../models/pocketbit-actions.gguf',
        prompts: small,
        decodePrompt: STORY,
        decodeTokens: 64,
      },
    },
    {
      name: 'random 125M shape',
      promptTokens: 64,
      request: {
        ...common,
        model: '../files/random-125m-1.gguf',
        prompts: large,
        decodePrompt: large[0]!.slice(0, 8),
        decodeTokens: 24,
      },
    },
  ];
}

/** Measures every model with every artifact in one Chromium, through the public API. */
export async function measureAll(rounds: number): Promise<Speed[]> {
  const plans = await plansOf(rounds);
  return withLab(async ({ page }) => {
    const speeds: Speed[] = [];
    for (const { name, request } of plans) {
      const samples = await page.evaluate((asked) => window.lab.measureSpeed(asked), request);
      speeds.push(...ARTIFACTS.map((artifact) => summary(name, artifact, samples)));
    }
    return speeds;
  });
}

function summary(model: string, artifact: Artifact, samples: SpeedSample[]): Speed {
  const own = samples.filter((sample) => sample.artifact === artifact);
  return {
    model,
    artifact,
    prefill: median(own.map(({ prefill }) => prefill)),
    decode: median(own.map(({ decode }) => decode)),
  };
}

/** A Markdown table, tokens per second. */
export function tableOf(speeds: readonly Speed[]): string {
  const rows = speeds.map(({ model, artifact, prefill, decode }) =>
    [model, artifact, whole(prefill), whole(decode)].join(' | '),
  );
  return [
    'model | artifact | prefill, tokens/s | decode, tokens/s',
    '--- | --- | --: | --:',
    ...rows,
  ]
    .map((row) => `| ${row} |`)
    .join('\n');
}

function whole(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
