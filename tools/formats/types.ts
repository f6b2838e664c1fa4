import { readFileSync } from 'node:fs';
import { ENCODINGS } from '../../tests/models/encode.ts';
import {
  crcOf,
  GOLDEN,
  type Golden,
  goldenBytes,
  goldenValues,
} from '../../tests/models/golden.ts';
import { bindEngine } from '../../tests/support/engine.ts';
import { normalised, readBack } from '../../tests/support/readback.ts';
import type { Check, Figure } from '../lib/report.ts';

interface TypeCase {
  readonly type: number;
  /** Who read the values: PyPI gguf, or the formula of the type's source where gguf has none. */
  readonly source: string;
  readonly crc32: string;
  readonly bytes: string;
  readonly values: string;
}

const fixture: { rows: number; width: number; gguf: string; cases: Record<string, TypeCase> } =
  JSON.parse(
    readFileSync(new URL('../../tests/fixtures/types/types.json', import.meta.url), 'utf8'),
  );

export const types: Check = {
  title: `golden vectors, and what the engine reads from drawn blocks against PyPI gguf ${fixture.gguf}`,
  async run() {
    const figures: Figure[] = [];
    for (const golden of GOLDEN) figures.push(await goldenFigure(golden));
    for (const [name, typeCase] of Object.entries(fixture.cases)) {
      figures.push(await readFigure(name, typeCase));
    }
    return figures;
  },
};

async function goldenFigure(golden: Golden): Promise<Figure> {
  const { type, codes, scale, crc, sums } = golden;
  const blocks = goldenBytes(golden);
  const tail = new Float32Array(ENCODINGS[type].tail / 4).fill(scale);
  const bytes = Buffer.concat([blocks, new Uint8Array(tail.buffer)]);
  const values = goldenValues(golden);
  const equal = await equalValues(ENCODINGS[type].id, bytes, values);
  const found = [
    values.reduce((sum, value) => sum + value, 0),
    values.reduce((sum, value, i) => sum + value * (i % 17), 0),
  ];
  const text = (crcText: string, pair?: readonly number[]) =>
    `CRC-32 ${crcText}${pair ? `, sums ${pair.join(' and ')}` : ''}`;
  return {
    label: `${type}, ${codes.length} golden weights, ${equal} read back to the bit`,
    value: text(crcOf(blocks), sums && found),
    target: text(crc, sums),
    pass: text(crcOf(blocks), sums && found) === text(crc, sums) && equal === codes.length,
  };
}

async function readFigure(name: string, typeCase: TypeCase): Promise<Figure> {
  const bytes = new Uint8Array(Buffer.from(typeCase.bytes, 'base64'));
  const values = floats(typeCase.values);
  const equal = await equalValues(typeCase.type, bytes, values);
  return {
    label: `${name} read back`,
    value: `${equal} of ${values.length} values equal to the bit, read by ${typeCase.source}`,
    target: 'all',
    pass: equal === values.length && crcOf(bytes) === typeCase.crc32,
  };
}

/** How many of the values the engine reads from `bytes`, after RMSNorm, as expected to the bit. */
async function equalValues(type: number, bytes: Uint8Array, values: Float32Array): Promise<number> {
  const count = values.length / fixture.width;
  const rows = await readBack(await bindEngine('simd128'), type, bytes, count);
  return rows.reduce((equal, row, i) => {
    const expected = normalised(values.slice(i * fixture.width, (i + 1) * fixture.width));
    return equal + expected.filter((value, at) => value === row[at]).length;
  }, 0);
}

function floats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
