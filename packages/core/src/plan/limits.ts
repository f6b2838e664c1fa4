// Bounds of a model's shape, those of crates/model's Config: the largest dense models are several times smaller.

export const MAX_LAYERS = 1024;
export const MAX_WIDTH = 2 ** 16;
export const MAX_VOCAB = 2 ** 20;
export const MAX_HEADS = 1024;
export const MAX_HEAD_DIM = 512;
export const MAX_CONTEXT = 2 ** 20;

/** Of a constant that multiplies. */
export const MAX_SCALE = 1e6;

/** Weights of one matrix; from here on wasm32 cannot count them in every layout. */
export const MAX_WEIGHTS = 2 ** 30;
