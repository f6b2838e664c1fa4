// Bits of this tree held against those of the baseline.

import { root } from '../../tests/support/paths.ts';
import type { Check, Figure } from '../lib/report.ts';
import { BASELINE } from './baseline.ts';
import { type Bits, bitsOf, type Hashes } from './bits.ts';
import { readFixture } from './fixture.ts';

/** Bits as the fixture holds them: one hash for a run, since all must agree, and whether native Rust gave it too. */
export interface RecordedBits extends Omit<Bits, 'logits'> {
  readonly logits: Record<string, { readonly sha256: string; readonly native: boolean }>;
}

/**
 * The hash of each run on which all artifacts in Node and Chromium agree. Native Rust is left out where its reader, which
 * tests alone have, does not know the type of a tensor or an architecture's scales.
 */
export function recorded(bits: Bits): RecordedBits {
  const logits = Object.entries(bits.logits).map(([name, { native, ...others }]) => {
    const [sha256, ...odd] = new Set(Object.values(others));
    if (!sha256 || odd.length > 0) throw new Error(`the artifacts do not agree on ${name}`);
    return [name, { sha256, native: native === sha256 }] as const;
  });
  return { ...bits, logits: Object.fromEntries(logits) };
}

export const identical: Check = {
  title: `logits, saved sessions, stored records and the engine's contract, as ${BASELINE} gave them`,
  async run({ note }) {
    const before = readFixture<RecordedBits>('bits');
    const now = await bitsOf(root, note);
    const compared = (label: string, old: object, found: object) =>
      figureOf(label, old as Record<string, unknown>, found as Record<string, unknown>, note);
    return [
      compared('model files', before.files, now.files),
      ...logitsFigures(before, now.logits, note),
      compared('saved sessions, with keys and values', before.sessions, now.sessions),
      compared('stores in Chromium: keys, shapes, bytes', before.records, now.records),
      compared('opcode contracts of the artifacts', opcodes(before), opcodes(now)),
    ];
  },
};

type Note = (text: string) => void;

/** A figure for each who computed them. */
function logitsFigures({ logits }: RecordedBits, now: Hashes, note: Note): Figure[] {
  const who = [...new Set(Object.values(now).flatMap(Object.keys))];
  return who.map((name) => {
    const asked = Object.entries(logits).filter(([, { native }]) => native || name !== 'native');
    const old = Object.fromEntries(asked.map(([run, { sha256 }]) => [run, sha256]));
    const found = Object.fromEntries(asked.map(([run]) => [run, now[run]?.[name]]));
    return figureOf(`logits, ${name}`, old, found, note);
  });
}

function figureOf(
  label: string,
  before: Record<string, unknown>,
  now: Record<string, unknown>,
  note: Note,
): Figure {
  const names = Object.keys(before);
  const differing = names.filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]),
  );
  for (const name of differing) {
    note(`${label}, ${name}\n  before ${brief(before[name])}\n  now    ${brief(now[name])}`);
  }
  const same = names.length - differing.length;
  const value = `${same} of ${names.length} the same`;
  return { label, value, target: 'all', pass: same === names.length && same > 0 };
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
}

/** What the artifacts may hold; their imports and exports are the new door, which scripts/wasm-contract.json records. */
function opcodes({ contracts }: Pick<Bits, 'contracts'>) {
  return Object.fromEntries(
    Object.entries(contracts).map(([name, { interface: _, ...rules }]) => [name, rules]),
  );
}
