import { logitsAfter, logitsOfEach } from '@pocketbit/engine';
import { type Command, integerOption, UsageError } from '../command.ts';
import { loadModel, MODEL_OPTIONS } from '../model.ts';
import { print, printJson } from '../output.ts';

const DEFAULT_TOP = 10;

export const logits: Command = {
  name: 'logits',
  usage:
    'FILE --ids 1,2,3 [--top N] [--all-positions --base64] [--kv f32|int8|int4] [--head int8|f32] ' +
    '[--artifact scalar|simd128|relaxed] [--kernels FAMILY=GEMV/GEMM,...] [--context N] [--json]',
  summary: 'the highest logits after a list of ids (f32 KV, int8 head)',
  options: {
    ...MODEL_OPTIONS,
    ids: { type: 'string' },
    top: { type: 'string' },
    'all-positions': { type: 'boolean' },
    base64: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  positionals: [1, 1],
  async run([file], values) {
    const { plan, engine } = await loadModel(file!, values, { kv: 'f32', head: 'int8' });
    const { vocab } = plan.config;
    const ids = parseIds(values.ids, vocab);
    const top = integerOption(values, 'top', 1, vocab) ?? Math.min(DEFAULT_TOP, vocab);
    const rows = values['all-positions'] ? logitsOfEach(engine, ids) : [logitsAfter(engine, ids)];
    if (values.base64) {
      printJson({
        vocab,
        positions: rows.length,
        logits: Buffer.concat(rows.map(rawBytes)).toString('base64'),
      });
    } else if (values.json) {
      const tops = rows.map((row) => topOf(row, top));
      printJson(values['all-positions'] ? { positions: tops } : { top: tops[0] });
    } else {
      for (const row of rows) print(tableOf(topOf(row, top)));
    }
  },
};

interface Ranked {
  readonly id: number;
  readonly logit: number;
}

function parseIds(text: unknown, vocab: number): Uint32Array {
  if (typeof text !== 'string')
    throw new UsageError('--ids is missing; expected a list like 1,2,3');
  const ids = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const wrong = ids.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocab);
  if (wrong < 0) return Uint32Array.from(ids);
  throw new UsageError(
    `--ids has ${JSON.stringify(text.split(',')[wrong])}; expected ids from 0 to ${vocab - 1}`,
  );
}

/** The `count` highest logits; equal ones by id. */
function topOf(row: Float32Array, count: number): Ranked[] {
  const ranked = Array.from(row, (logit, id) => ({ id, logit }));
  ranked.sort((a, b) => b.logit - a.logit || a.id - b.id);
  return ranked.slice(0, count);
}

function tableOf(ranked: readonly Ranked[]): string {
  return ranked.map(({ id, logit }) => `${String(id).padStart(7)}  ${logit.toFixed(6)}`).join('\n');
}

function rawBytes(row: Float32Array): Uint8Array {
  return new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
}
