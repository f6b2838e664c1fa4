// A model file is untrusted input: every count and length it declares is held to one of these before
// anything is allocated. Each is several times the largest value known in a published model.

/** Whole header in bytes. BitNet 2B-4T, with 280,147 merges, has 8.4 MB; Gemma 3, with 514,906, about 16 MB. */
export const MAX_HEADER_BYTES = 32 * 1024 * 1024;

/**
 * Memory for everything read from a header, in bytes: the same two models need 8 and 13 MB. With the window and
 * an array that grows, reading the worst header takes under 64 MB.
 */
export const MAX_KEPT_BYTES = 20 * 1024 * 1024;

/** Metadata entries. Published models have 20 to 60. */
export const MAX_METADATA_ENTRIES = 4096;

/** Tensors. The largest dense models have about 1,000. */
export const MAX_TENSORS = 16_384;

/** Bytes of a metadata key; the GGUF specification allows 65,535, real keys stay under 100. */
export const MAX_KEY_BYTES = 1024;

/** Bytes of a tensor name; ggml's GGML_MAX_NAME is 64 with the terminating NUL. */
export const MAX_TENSOR_NAME_BYTES = 64;

/** Bytes of a string value. Chat templates reach 20 kB. */
export const MAX_STRING_BYTES = 1024 * 1024;

/** Bytes of a string that is read past: an embedded tokenizer.json reaches 33 MB. */
export const MAX_SKIPPED_BYTES = 64 * 1024 * 1024;

/** Elements of an array. Gemma's merges are 514,906. */
export const MAX_ARRAY_ELEMENTS = 1024 * 1024;

/** Dimensions of a tensor; ggml's GGML_MAX_DIMS. */
export const MAX_DIMENSIONS = 4;

/** Elements of one tensor: keeps every byte count exact in a double, far over what wasm32 can hold. */
export const MAX_TENSOR_ELEMENTS = 2 ** 40;

/** Bytes; `general.alignment` is 32 in practice and a power of two by the C loader's rule. */
export const MAX_ALIGNMENT = 65_536;
