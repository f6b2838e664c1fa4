/** Tokenizer, template engine and what filters their text: a chunk of their own, fetched while the weights load. */
export { createChat, createTokenizer, StopFilter } from '@pocketbit/core';
