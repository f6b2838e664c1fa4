import type { Check, Context, Figure } from '../lib/report.ts';
import type { Part } from './cargo.ts';
import { addressSanitizer, checkedCases, miri } from './checked.ts';
import { lineCoverage } from './coverage.ts';
import { corpusInWasm, guidedFuzzing } from './fuzz.ts';
import { advisories, cargoDeny, supply } from './supply.ts';

const PARTS: readonly ((full: boolean) => Promise<Part>)[] = [
  checkedCases,
  miri,
  addressSanitizer,
  guidedFuzzing,
  corpusInWasm,
  supply,
  cargoDeny,
  advisories,
  lineCoverage,
];

/** Rust where its checks are on: assertions, Miri, a sanitizer, a fuzzer; and what the registries know. */
export const rust: Check = {
  title: 'Rust with its checks on, fuzzed by coverage; licences, advisories and line coverage',
  async run({ full, note }: Context): Promise<Figure[]> {
    const figures: Figure[] = [];
    for (const part of PARTS) {
      const start = performance.now();
      const { figures: shown, missing = [] } = await part(full);
      const took = `${((performance.now() - start) / 1000).toFixed(0)} s`;
      for (const line of missing) note(`NOT HERE ${line}`);
      const last = shown.length - 1;
      figures.push(
        ...shown.map((f, i) => (i === last ? { ...f, value: `${f.value}; ${took}` } : f)),
      );
    }
    return figures;
  },
};
