import { Wllama } from '@wllama/wllama/esm/index.js';
import wasm from '@wllama/wllama/esm/wasm/wllama.wasm?url';

/** A fresh engine without a model. */
export function createWllama(): Wllama {
  return new Wllama(
    { default: new URL(wasm, document.baseURI).href },
    { suppressNativeLog: true, allowOffline: true },
  );
}
