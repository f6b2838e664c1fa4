/** One kind of tokenizer over one vocabulary. */
export interface Codec {
  /**
   * Ids of a text without special tokens in it. `first` where it begins a text or follows a control
   * token, `last` where it ends one.
   */
  encode(text: string, first: boolean, last: boolean): number[];
  /** Bytes of the text of an entry; none for a control token. */
  bytes(id: number): Uint8Array;
  /**
   * Ids of the space that `encode` puts before the first word, which `decode` takes away again and
   * which a literal that begins a text gets too; none where there is no such space.
   */
  readonly prefix: readonly number[];
}
