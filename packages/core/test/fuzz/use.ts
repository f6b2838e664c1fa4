import { createChat } from '../../src/chat/chat.ts';
import { PocketbitError } from '../../src/errors.ts';
import { readGguf } from '../../src/gguf/header.ts';
import { type ModelPlan, planModel } from '../../src/plan/plan.ts';
import type { ByteSource } from '../../src/source.ts';
import { createTokenizer } from '../../src/tokenizer/tokenizer.ts';

/** What may come of a file that is no model: a code of these, with words. */
const CODES: readonly string[] = ['bad-model', 'unsupported', 'does-not-fit'];

/** What is done with a file, in order. */
export const STAGES = ['header', 'plan', 'tokenizer', 'template', 'weights'] as const;
export type Stage = (typeof STAGES)[number];

/** What came of a file, and, of one that is no model, where. */
export type Outcome =
  | { readonly kind: 'loaded'; readonly plan: ModelPlan }
  | { readonly kind: 'refused'; readonly stage: Stage; readonly reason: string }
  | { readonly kind: 'threw'; readonly stage: Stage; readonly error: unknown };

/** A message is for a person. */
const MAX_CHARACTERS = 2000;
/** Most weights that are read to see what comes of them. */
const MAX_WEIGHTS = 4 * 1024 * 1024;
const MESSAGES = [
  { role: 'user', content: 'hello' },
  { role: 'assistant', content: 'hello <|im_end|>' },
] as const;

/** Reads the weights of a file that was taken. */
export type ReadWeights = (plan: ModelPlan, source: ByteSource) => Promise<void>;

/** Everything that is done with a file before and while its weights are read. */
export async function useFile(source: ByteSource, weights?: ReadWeights): Promise<Outcome> {
  const at: { stage: Stage } = { stage: 'header' };
  try {
    return { kind: 'loaded', plan: await useWhole(source, at, weights) };
  } catch (error) {
    const { stage } = at;
    if (!(error instanceof PocketbitError)) return { kind: 'threw', stage, error };
    const { length } = error.message;
    const sound = CODES.includes(error.code) && length > 10 && length < MAX_CHARACTERS;
    return sound
      ? { kind: 'refused', stage, reason: reasonOf(error) }
      : { kind: 'threw', stage, error };
  }
}

async function useWhole(
  source: ByteSource,
  at: { stage: Stage },
  weights: ReadWeights = async () => {},
): Promise<ModelPlan> {
  const header = await readGguf(source);
  at.stage = 'plan';
  const plan = planModel(header);
  at.stage = 'tokenizer';
  const tokenizer = createTokenizer(header);
  at.stage = 'template';
  const ids = createChat(header, tokenizer).encode(MESSAGES);
  checkIds(ids, plan.config.vocab);
  tokenizer.decode(ids);
  at.stage = 'weights';
  const bytes = plan.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  if (bytes <= MAX_WEIGHTS) await weights(plan, source);
  return plan;
}

/** An id without a row of the embedding would be refused by the engine, in the middle of a conversation. */
function checkIds(ids: readonly number[], rows: number): void {
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= rows);
  if (bad !== undefined) throw new Error(`the prompt has the id ${bad} of ${rows}`);
}

/** A message without what is particular to a file, so that equal reasons are counted together. */
function reasonOf({ code, message }: PocketbitError): string {
  const general = message
    .replace(/"[^"]*"/g, '"…"')
    .replace(/\[[^\]]*\]/g, '[…]')
    .replace(/bytes .* instead/, 'bytes … instead')
    .replace(/(template failed): .*/s, '$1')
    .replace(/-?\d[\d.e+]*/g, 'N');
  return `${code}: ${general.slice(0, 60)}`;
}
