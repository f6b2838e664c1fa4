// Command lines of the `pocketbit` command: every flag, on models of three families, and mistakes.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedFamily } from '../../tests/models/files.ts';
import { SMALL_MODELS } from '../../tests/models/published.ts';
import { tinyFolder } from '../../tests/support/paths.ts';

const small = (wanted: string) =>
  cachedFamily(SMALL_MODELS.find(({ name }) => name === wanted)!, 1);

/** Files by the names they have in a command line. */
export function modelFiles(): Record<string, string> {
  const tiny = (name: string) => join(tinyFolder, name);
  const folder = mkdtempSync(join(tmpdir(), 'pocketbit-house-'));
  const cut = join(folder, 'cut.gguf');
  writeFileSync(cut, readFileSync(tiny('tiny-tq2.gguf')).subarray(0, 300_000));
  const renamed = join(folder, 'renamed.gguf');
  const text = readFileSync(tiny('tiny-tq2.gguf')).toString('latin1');
  writeFileSync(renamed, text.replaceAll('ffn_up', 'ffn_ub'), 'latin1');
  return {
    TERNARY: tiny('tiny-tq2.gguf'),
    W1A1: tiny('tiny-w1a1.gguf'),
    ROWS: tiny('tiny-q6k.gguf'),
    ONE_BIT: small('small-qwen3'),
    TWO_BIT: small('small-qwen3-q2'),
    INT8: small('small-bitnet-Q8_0'),
    CUT: cut,
    RENAMED: renamed,
    NO_MODEL: tiny('tiny-tq2.golden.json'),
  };
}

const MODELS = ['TERNARY', 'W1A1', 'ROWS', 'ONE_BIT', 'TWO_BIT', 'INT8'];
const SAMPLED =
  '--temperature 0.9 --top-k 40 --top-p 0.95 --min-p 0.01 --repeat-penalty 1.2 --seed 7';

/** What succeeds. */
const RIGHT = [
  ...MODELS.flatMap((model) => [
    `inspect ${model} --json`,
    `profile ${model} --json`,
    `logits ${model} --ids 1,2,3 --json`,
    `run ${model} hi --raw --max-tokens 8 --json`,
    `tokenize ${model} hello --json`,
  ]),
  'inspect TERNARY',
  'inspect TERNARY --kv f32 --head f32 --context 77 --json',
  'inspect TERNARY --kv int4 --head int4 --json',
  'inspect RENAMED --json',
  'profile TERNARY',
  'profile TERNARY --artifact scalar --head f32 --context 64 --json',
  'profile TERNARY --kernels ternary=widening/rows --json',
  'logits TERNARY --ids 1,2,3 --top 3',
  'logits TERNARY --ids 1,2,3 --top 3 --json',
  'logits TERNARY --ids 1,2 --all-positions --top 2 --json',
  'logits TERNARY --ids 1,2 --all-positions --base64',
  'logits TERNARY --ids 1,2 --base64 --kv int8 --head f32 --artifact scalar --context 32',
  'logits ONE_BIT --ids 1,2 --top 2 --kv int4 --head int4 --kernels oneBit=widening --json',
  'run TERNARY hi --max-tokens 5',
  'run TERNARY hi --max-tokens 5 --json',
  'run TERNARY hi --system quiet --max-tokens 5 --json',
  `run TERNARY hi --raw --max-tokens 20 ${SAMPLED} --json`,
  'run TERNARY ab --raw --context 24 --max-tokens 100 --json',
  'run TERNARY ab --raw --kv f32 --head f32 --artifact scalar --max-tokens 5 --json',
  'run W1A1 ab --raw --kv int4 --kernels binary=popcount --max-tokens 5 --json',
  'tokenize TERNARY hello',
  'tokenize TERNARY <|im_end|> --special --json',
  '--help',
  'help',
  '--version',
];

/** What is refused, each with a status and a code. */
const WRONG = [
  '',
  'dance',
  'inspect',
  'inspect missing.gguf',
  'inspect .',
  'inspect NO_MODEL',
  'inspect TERNARY --kv int3',
  'inspect TERNARY --context 0',
  'logits TERNARY',
  'logits TERNARY --ids 1,320',
  'logits TERNARY --ids 1,x',
  'logits TERNARY --ids 1 --top 0',
  'logits TERNARY --ids 1 --artifact avx',
  'run TERNARY',
  'run TERNARY hi there',
  'run TERNARY hi --tempo 1',
  'run TERNARY hi --top-p 2',
  'run TERNARY hi --seed 0.5',
  'run TERNARY hi --head int2',
  'run TERNARY hi --kernels dot',
  'run TERNARY hi --kernels ternary=dot',
  'run TERNARY hi --kernels trinary=dot',
  'run TERNARY hi --context 9999',
  'run TERNARY aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa --raw --context 16',
  'run CUT hi',
  'run RENAMED hi',
  'run missing.gguf hi',
  'profile NO_MODEL',
  'tokenize TERNARY',
  'tokenize missing.gguf hi',
];

export const INVOCATIONS: readonly string[] = [...RIGHT, ...WRONG];
