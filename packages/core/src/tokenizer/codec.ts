/** One kind of tokenizer over one vocabulary. */
export interface Codec {
  /**
   * Ids of a text without special tokens in it. `first` where it begins a text or follows a control
   * token, `last` where it ends one.
   */
  encode(text: string, first: boolean, last: boolean): number[];
  /** Bytes of the text of an entry; none for a control token. */
  bytes(id: number): Uint8Array;
  /** Whether `encode` puts a space before the first word, which `decode` takes away again. */
  readonly spacePrefix: boolean;
}
