/** A line of models that shares one vocabulary, known by its number of entries. */
export interface VocabularyLine {
  readonly name: string;
  /** The least RoPE base of any of its models. */
  readonly minRopeBase: number;
  /** Entries from this one on are control tokens, those before are text. */
  readonly firstControl: number;
}

const QWEN3: VocabularyLine = { name: 'Qwen3', minRopeBase: 1_000_000, firstControl: 151_643 };

const LINES: ReadonlyMap<number, VocabularyLine> = new Map([
  [128_256, { name: 'Llama 3', minRopeBase: 500_000, firstControl: 128_000 }],
  [151_669, QWEN3],
  [151_936, QWEN3],
]);

/** The line whose vocabulary has so many entries. */
export function vocabularyLine(entries: number): VocabularyLine | undefined {
  return LINES.get(entries);
}
