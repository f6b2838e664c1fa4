import { createChat } from '../../src/chat/chat.ts';
import { PocketbitError } from '../../src/errors.ts';
import { readGguf } from '../../src/gguf/header.ts';
import { loadTensors } from '../../src/load.ts';
import { type ModelPlan, planModel } from '../../src/plan/plan.ts';
import type { ByteSource } from '../../src/source.ts';
import { createTokenizer } from '../../src/tokenizer/tokenizer.ts';

/** What may come of a file that is no model: a code of these, with words. */
const CODES: readonly string[] = ['bad-model', 'unsupported', 'does-not-fit'];

/** What came of a file. */
export type Outcome =
  | { readonly kind: 'loaded'; readonly plan: ModelPlan }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'threw'; readonly error: unknown };

/** A message is for a person. */
const MOST_CHARACTERS = 2000;
/** Most weights that are read to see what comes of them. */
const MOST_WEIGHTS = 4 * 1024 * 1024;
const MESSAGES = [
  { role: 'user', content: 'hello' },
  { role: 'assistant', content: 'hello <|im_end|>' },
] as const;

/** Everything that is done with a file before and while its weights are read. */
export async function useFile(source: ByteSource): Promise<Outcome> {
  try {
    return { kind: 'loaded', plan: await useWhole(source) };
  } catch (error) {
    if (!(error instanceof PocketbitError)) return { kind: 'threw', error };
    const { length } = error.message;
    const sound = CODES.includes(error.code) && length > 10 && length < MOST_CHARACTERS;
    return sound ? { kind: 'refused', reason: reasonOf(error) } : { kind: 'threw', error };
  }
}

async function useWhole(source: ByteSource): Promise<ModelPlan> {
  const header = await readGguf(source);
  const plan = planModel(header);
  const tokenizer = createTokenizer(header);
  const ids = createChat(header, tokenizer).encode(MESSAGES);
  tokenizer.decode(ids);
  if (plan.weightBytes <= MOST_WEIGHTS) await loadTensors(plan, source, NOTHING);
  return plan;
}

const nothing = () => {};
const NOTHING = { beginTensor: nothing, push: nothing, endTensor: nothing, finish: nothing };

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
