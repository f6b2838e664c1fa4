export { type Chat, type ChatMessage, createChat, type RenderOptions } from './chat/chat.ts';
export { StopFilter } from './chat/stop-filter.ts';
export { ERROR_CODES, type ErrorCode, type ErrorDetails, PocketbitError } from './errors.ts';
export { type GgufHeader, readGguf } from './gguf/header.ts';
export { readGgufShards, type ShardedGguf, shardNames } from './gguf/shards.ts';
export type { TensorInfo } from './gguf/tensors.ts';
export { typeName } from './gguf/types.ts';
export { type GgufValue, type NumberArray, StringArray } from './gguf/values.ts';
export {
  choosePicks,
  type ForcedKernels,
  forcedPicks,
  KERNEL_FAMILIES,
  type KernelFamily,
  type KernelNames,
  type KernelNeed,
  type KernelPair,
  type KernelPick,
  type KernelSink,
  kernelNeeds,
  kernelsOf,
  type SizeClass,
  sizeClassOf,
  type TensorKernels,
  tensorKernels,
} from './kernels.ts';
export { type EngineSink, type LoadTensorsOptions, loadTensors } from './load.ts';
export type { PlanOptions } from './plan/architecture.ts';
export {
  encodeConfig,
  HEAD_FORMATS,
  type HeadFormat,
  KV_FORMATS,
  type KvFormat,
  type ModelConfig,
  type RopeScaling,
  type Scales,
} from './plan/config.ts';
export { type ModelPlan, type PlannedTensor, planModel, type Scheme } from './plan/plan.ts';
export { type ByteSource, bytesSource } from './source.ts';
export type { SpecialIds } from './tokenizer/special-ids.ts';
export {
  createTokenizer,
  type EncodeOptions,
  type StreamDecoder,
  type Tokenizer,
} from './tokenizer/tokenizer.ts';
