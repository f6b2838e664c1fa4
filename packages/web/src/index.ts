export {
  type ErrorCode,
  type ForcedKernels,
  type KernelFamily,
  PocketbitError,
  type TensorKernels,
} from '@pocketbit/core';
export type { GenerateOptions, Model } from './page/api.ts';
export { type LoadOptions, load } from './page/load.ts';
export type { GenerateResult, GenerateStream } from './page/stream.ts';
export { isSupported, type Support } from './page/support.ts';
export type {
  Artifact,
  ChatMessage,
  GenerateChunk,
  GenerateStats,
  KernelOptions,
  KernelProfile,
  KernelTiming,
  LoadProgress,
  ModelInfo,
  PaceReport,
  PowerMode,
  SamplingOptions,
  StopReason,
  StorageKind,
} from './protocol.ts';
export type { SavedSession, SaveOptions } from './session/format.ts';
export { deleteModel, listModels, type StoredModel } from './store/library.ts';
