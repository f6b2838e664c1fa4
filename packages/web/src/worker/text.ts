/** Tokenizer and template engine: a chunk of their own, fetched while the weights load. */
export { createChat, createTokenizer } from '@pocketbit/core';
