export { type Chat, type ChatMessage, createChat, type RenderOptions } from './chat/chat.ts';
export { StopFilter } from './chat/stop-filter.ts';
export { displayName, escaped } from './display.ts';
export { ERROR_CODES, type ErrorCode, type ErrorDetails, PocketbitError } from './errors.ts';
export { type GgufHeader, readGguf } from './gguf/header.ts';
export { readGgufShards, type ShardedGguf, shardNames } from './gguf/shards.ts';
export type { TensorInfo } from './gguf/tensors.ts';
export { type KernelFamily, type Scheme, typeName } from './gguf/types.ts';
export { type GgufValue, type NumberArray, StringArray } from './gguf/values.ts';
export type { PlanOptions } from './plan/architecture.ts';
export {
  HEAD_FORMATS,
  type HeadFormat,
  KV_FORMATS,
  type KvFormat,
  type ModelConfig,
  type RopeScaling,
  type Scales,
} from './plan/config.ts';
export { type ModelPlan, type PlannedTensor, planModel } from './plan/plan.ts';
export {
  isCount,
  isFirstVersion,
  isFlag,
  isListOf,
  isNumber,
  isOneOf,
  isRecordOf,
  isText,
  orNone,
  orNull,
  type Shape,
  shape,
} from './shape.ts';
export { type ByteSource, bytesSource } from './source.ts';
export type { SpecialIds } from './tokenizer/special-ids.ts';
export {
  createTokenizer,
  type EncodeOptions,
  type StreamDecoder,
  type Tokenizer,
} from './tokenizer/tokenizer.ts';
